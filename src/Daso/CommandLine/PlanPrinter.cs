using System.Text.Json;
using Daso.Experiments;
using Daso.Specification;

namespace Daso.CommandLine;

/// <summary><c>--dry-run</c>: what would run, in the order in which it would.</summary>
internal static class PlanPrinter
{
    private static readonly JsonWriterOptions s_indented = new() { Indented = true };

    internal static void Print(SuitePlan plan, bool asJson)
    {
        if (asJson)
        {
            using Stream output = Console.OpenStandardOutput();
            using var writer = new Utf8JsonWriter(output, s_indented);
            SpecificationWriter.ToJson(plan).WriteTo(writer);
            return;
        }

        RunOptions options = plan.Options;
        Console.WriteLine($"suite {plan.Suite} on {options.Topology} ranks ({options.Device})");
        int cells = 0;
        foreach (ExperimentVariant variant in plan.Variants)
        {
            Console.WriteLine($"  {variant.Name}: {variant.Epochs} epochs, link {variant.Link?.ToString() ?? "unlimited"}, baseline {variant.Baseline}");
            Console.WriteLine($"    specification {Short(variant)}");
            foreach ((string option, string value) in variant.Values.Texts)
                Console.WriteLine($"    --{option} {value}");
            foreach ((int strategy, int seed) in variant.Cells())
                Console.WriteLine($"    {++cells,3}. {variant.Experiment.Strategies[strategy].Name}, seed {seed}");
        }
    }

    /// <summary>The beginning of a variant's hash: enough to tell specifications apart by eye.</summary>
    internal static string Short(ExperimentVariant variant) => variant.SpecificationHash[..12];
}
