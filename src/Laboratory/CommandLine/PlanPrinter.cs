using System.Text.Json;
using Daso.Experiments;
using Daso.Specification;

namespace Daso.CommandLine;

/// <summary><c>--dry-run</c>: what would run, in the order in which it would.</summary>
internal static class PlanPrinter
{
    private static readonly JsonSerializerOptions s_indented = new() { WriteIndented = true };

    internal static void Print(SuitePlan plan, bool asJson, TextWriter output)
    {
        if (asJson)
        {
            output.Write(SpecificationWriter.ToJson(plan).ToJsonString(s_indented));
            return;
        }

        RunOptions options = plan.Options;
        output.WriteLine($"suite {plan.Suite} on {options.Topology} ranks ({options.Device})");
        int cells = 0;
        foreach (ExperimentVariant variant in plan.Variants)
        {
            string link = variant.Link?.ToString() ?? "unlimited";
            output.WriteLine($"  {variant.Name}: {Length(variant.Epochs, variant.Steps)}, link {link}, baseline {variant.Baseline}");
            output.WriteLine($"    specification {Short(variant)}");
            foreach ((string option, string value) in variant.Values.Texts)
                output.WriteLine($"    --{option} {value}");
            foreach ((int strategy, int seed) in variant.Cells())
                output.WriteLine($"    {++cells,3}. {variant.Experiment.Strategies[strategy].Name}, seed {seed}");
        }
    }

    /// <summary>For example 5 epochs, 20 steps; what is null is left out.</summary>
    internal static string Length(int? epochs, int? steps) => string.Join(
        ", ", new[] { epochs is null ? null : $"{epochs} epochs", steps is null ? null : $"{steps} steps" }.OfType<string>());

    /// <summary>The beginning of a variant's hash: enough to tell specifications apart by eye.</summary>
    internal static string Short(ExperimentVariant variant) => variant.SpecificationHash[..12];
}
