using Daso.Experiments;
using Daso.References;

namespace Daso.CommandLine;

/// <summary>The references that the classes of a run's experiments hold.</summary>
internal static class SystemReferences
{
    /// <param name="run">The run.</param>
    /// <param name="experiments">Those of the program.</param>
    /// <param name="system">The system.</param>
    /// <param name="tier">The tier that the run was made with; null: the experiments' own form.</param>
    /// <exception cref="UserErrorException">The run is of no experiment of the program, or an experiment has no references of the system.</exception>
    internal static IReadOnlyList<ExperimentReferences> Of(
        RunFigures run, IReadOnlyList<ExperimentDefinition> experiments, string system, string? tier) =>
    [
        .. run.Experiments.Select(variant =>
        {
            ExperimentDefinition experiment = experiments.FirstOrDefault(one => one.Name == variant.Experiment)
                ?? throw new UserErrorException($"{run.RunId}: {variant.Experiment} is no experiment of this program");
            ReferenceDefinition[] found = [.. experiment.References.Where(one => one.System == system && one.Tier == tier)];
            if (found.Length == 0)
            {
                string[] known = [.. experiment.References.Select(one => one.System).Distinct()];
                throw new UserErrorException(
                    $"--system {system}: {experiment.Name} has no [Reference] of it{(tier is null ? "" : $" for tier {tier}")}"
                        + (known.Length == 0 ? "; write one, or use --against" : $"; it has those of {string.Join(", ", known)}"));
            }

            return new ExperimentReferences(variant.Name, null, variant.Baseline, [.. found.Select(one =>
                new Reference(one.Strategy, one.Metric, one.Value, one.Lower, one.Upper, one.Unit))], variant.Experiment);
        }),
        .. NotRun(run, experiments, system, tier),
    ];

    /// <summary>Of the other experiments of the run's suite.</summary>
    private static IEnumerable<ExperimentReferences> NotRun(
        RunFigures run, IReadOnlyList<ExperimentDefinition> experiments, string system, string? tier) => experiments
        .Where(experiment => experiment.Suite == run.Suite
            && experiment.References.Any(one => one.System == system && one.Tier == tier)
            && run.Experiments.All(variant => variant.Experiment != experiment.Name))
        .Select(experiment => new ExperimentReferences(experiment.Name, null, "", []));
}
