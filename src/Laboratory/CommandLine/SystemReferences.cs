using System.Text.Json.Nodes;
using Daso.Cluster;
using Daso.Experiments;
using Daso.Recording;
using Daso.References;

namespace Daso.CommandLine;

/// <summary>The references that the classes of a run's experiments hold.</summary>
internal static class SystemReferences
{
    /// <param name="run">The run.</param>
    /// <param name="manifest">What it was made with.</param>
    /// <param name="experiments">Those of the program.</param>
    /// <param name="system">The system.</param>
    /// <param name="tier">The tier that the run was made with; null: the experiments' own form.</param>
    /// <exception cref="UserErrorException">
    /// The run is of no experiment of the program, an experiment has no references of the system, or its specification is another.
    /// </exception>
    internal static IReadOnlyList<ExperimentReferences> Of(
        RunFigures run, Manifest manifest, IReadOnlyList<ExperimentDefinition> experiments, string system, string? tier) =>
    [
        .. run.Experiments.Select(variant =>
        {
            ExperimentDefinition experiment = experiments.FirstOrDefault(one => one.Suite == manifest.Suite && one.Name == variant.Experiment)
                ?? throw new UserErrorException($"{run.RunId}: {variant.Experiment} is no experiment of this program");
            ReferenceDefinition[] found = [.. experiment.References.Where(one => one.System == system && one.Tier == tier)];
            if (found.Length == 0)
            {
                string[] known = [.. experiment.References.Select(one => one.System).Distinct()];
                throw new UserErrorException(
                    $"--system {system}: {experiment.Name} has no [Reference] of it{(tier is null ? "" : $" for tier {tier}")}"
                        + (known.Length == 0 ? "; write one, or use --against" : $"; it has those of {string.Join(", ", known)}"));
            }

            RequireSameSpecification(manifest, variant.Name, experiment, tier);
            return new ExperimentReferences(variant.Name, null, variant.Baseline, [.. found.Select(one =>
                new Reference(one.Strategy, one.Metric, one.Value, one.Lower, one.Upper, one.Unit))], variant.Experiment);
        }),
        .. NotRun(run, experiments, system, tier),
    ];

    /// <summary>The references hold for what the class says; the link is none where the network is real.</summary>
    private static void RequireSameSpecification(Manifest manifest, string variant, ExperimentDefinition experiment, string? tier)
    {
        var options = new RunOptions
        {
            Topology = new Topology(1, 1),
            Tier = tier,
            Link = manifest.Cluster.HasRealLinks ? "unlimited" : null,
        };
        string? declared = SuitePlan.Expand(experiment.Suite, [experiment], options).Variants
            .FirstOrDefault(one => one.Name == variant)?.SpecificationHash;
        string? made = manifest.Specification[variant] is JsonObject specification ? Manifest.Hash(specification) : null;
        if (made is not null && made == declared)
            return;
        throw new UserErrorException(
            $"{manifest.RunId}: {variant} has another specification ({Short(made)}) than {(tier is null ? "the class itself" : $"tier {tier}")} "
                + $"({Short(declared)}), for which the references hold; name the run's tier with --tier, run it without options that change "
                + "it, or use --against");
    }

    private static string Short(string? hash) => hash?[..12] ?? "none";

    /// <summary>Of the other experiments of the run's suite.</summary>
    private static IEnumerable<ExperimentReferences> NotRun(
        RunFigures run, IReadOnlyList<ExperimentDefinition> experiments, string system, string? tier) => experiments
        .Where(experiment => experiment.Suite == run.Suite
            && experiment.References.Any(one => one.System == system && one.Tier == tier)
            && run.Experiments.All(variant => variant.Experiment != experiment.Name))
        .Select(experiment => new ExperimentReferences(experiment.Name, null, "", []));
}
