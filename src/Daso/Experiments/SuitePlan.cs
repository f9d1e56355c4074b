using System.Globalization;
using Daso.Communication;
using Daso.Data;
using Daso.Objectives;
using Daso.Recording;
using Daso.SharedRules;
using Daso.Specification;
using Daso.Strategies;
using Daso.Training;

namespace Daso.Experiments;

/// <summary>An experiment with one value of every parameter.</summary>
/// <param name="Experiment">The experiment.</param>
/// <param name="Name">The experiment's name, with the parameters that have several values.</param>
/// <param name="Values">The values.</param>
/// <param name="Setup">What they make.</param>
/// <param name="Link">The link between nodes; null: unlimited.</param>
/// <param name="Epochs">Epochs to train; null: as many as the steps need.</param>
/// <param name="Steps">Steps after which training ends; null: it does not end before its last epoch.</param>
/// <param name="Seeds">The seeds.</param>
/// <param name="StrategyIndices">Indices of the strategies to run, the baseline among them.</param>
internal sealed record ExperimentVariant(
    ExperimentDefinition Experiment,
    string Name,
    ParameterValues Values,
    ExperimentSetup Setup,
    LinkSpec? Link,
    int? Epochs,
    int? Steps,
    IReadOnlyList<int> Seeds,
    IReadOnlyList<int> StrategyIndices) : ISpecification
{
    /// <summary>The strategies' names in the order of the experiment.</summary>
    public IEnumerable<string> StrategyNames => StrategyIndices.Select(index => Experiment.Strategies[index].Name);

    /// <summary>The baseline's name.</summary>
    public string Baseline => Experiment.Strategies.Single(strategy => strategy.IsBaseline).Name;

    /// <summary>SHA-256 of all that the variant says of itself, hexadecimal: runs of different hashes are different benchmarks.</summary>
    public string SpecificationHash => Manifest.Hash(SpecificationWriter.ToJson(this));

    /// <summary>
    /// The variant's cells in the order in which they run: seed by seed, the strategies in an order that favours none
    /// (<see cref="CellOrder"/>).
    /// </summary>
    public IEnumerable<(int Strategy, int Seed)> Cells() => Seeds.Zip(
        CellOrder.Of(StrategyIndices.Count, Seeds.Count), (seed, order) => order.Select(place => (StrategyIndices[place], seed))).SelectMany(cells => cells);

    /// <inheritdoc />
    public void Describe(SpecificationWriter writer)
    {
        writer
            .Add("experiment", Experiment.Name)
            .Add("model", Setup.Model)
            .Add("data", Setup.Data)
            .Add("optimizer", Setup.Optimizer)
            .Add("learningRate", Setup.LearningRate);
        // What every experiment had before it could be said is not said, so that the hashes of those stay.
        if (Setup.Objective != CrossEntropySpec.Default)
            writer.Add("objective", Setup.Objective);
        if (Setup.Precision != PrecisionSpec.Default)
            writer.Add("precision", Setup.Precision);
        if (Epochs is int epochs)
            writer.Add("epochs", epochs);
        writer
            .Add("seeds", string.Join(',', Seeds))
            .Add("baseline", Baseline)
            .Add("strategies", new StrategySection(this));
        if (Steps is int steps)
            writer.Add("steps", steps);
        if (Link is LinkSpec link)
            writer.Add("link", link);
        if (Experiment.Target is TargetQuality target)
            writer.Add("target", string.Create(CultureInfo.InvariantCulture, $"{target.Metric} {target.Direction} {target.Value}"));
    }

    private sealed class StrategySection(ExperimentVariant variant) : ISpecification
    {
        public void Describe(SpecificationWriter writer)
        {
            foreach (int index in variant.StrategyIndices)
                writer.Add(variant.Experiment.Strategies[index].Name, variant.Setup.Strategies[index]);
        }
    }
}

/// <summary>A suite's experiments, expanded and checked: what will run.</summary>
/// <param name="Suite">The suite's name.</param>
/// <param name="Options">How it runs.</param>
/// <param name="Variants">In order.</param>
internal sealed record SuitePlan(string Suite, RunOptions Options, IReadOnlyList<ExperimentVariant> Variants) : ISpecification
{
    /// <summary>Expands a suite.</summary>
    /// <exception cref="UserErrorException">An unknown strategy, seed, experiment, option or value.</exception>
    public static SuitePlan Expand(string suite, IReadOnlyList<ExperimentDefinition> experiments, RunOptions options)
    {
        RequirePositive("epochs", options.Epochs);
        RequirePositive("steps", options.Steps);
        if (options.WarmupSteps < 0)
            throw new UserErrorException($"--warmup-steps {options.WarmupSteps}: expected at least 0");
        NearestName.Require("--experiments", options.Experiments ?? [], [.. experiments.Select(experiment => experiment.Name)]);
        NearestName.Require("--strategies", options.Strategies ?? [], [.. experiments.SelectMany(e => e.Strategies).Select(s => s.Name).Distinct()]);
        if (Twice(options.Seeds ?? []) is [int seed, ..])
            throw new UserErrorException($"--seeds: {CommonRules.DuplicateSeed.Say(seed)}");

        ExperimentVariant[] variants = [.. experiments
            .Where(experiment => options.Experiments?.Contains(experiment.Name) ?? true)
            .SelectMany(experiment => options.IsAATest
                ? VariantsOf(AATest.Of(experiment, options.Strategies), options with { Strategies = null })
                : VariantsOf(experiment, options))];
        RequireDistinctNames(suite, variants);
        return new SuitePlan(suite, options, variants);
    }

    /// <summary>Finds and checks the data as a run would, and closes it again.</summary>
    /// <exception cref="UserErrorException">A file is missing or damaged; the message names it.</exception>
    public void LookAtData()
    {
        foreach (DataSpec data in Variants.Select(variant => variant.Setup.Data).Distinct())
            data.Open().Dispose();
    }

    /// <inheritdoc />
    public void Describe(SpecificationWriter writer)
    {
        writer
            .Add("suite", Suite)
            .Add("nodes", Options.Topology.Nodes)
            .Add("ranksPerNode", Options.Topology.RanksPerNode)
            .Add("device", Options.Device);
        foreach (ExperimentVariant variant in Variants)
            writer.Add(variant.Name, variant);
    }

    private static IEnumerable<ExperimentVariant> VariantsOf(ExperimentDefinition experiment, RunOptions options)
    {
        TierDefinition? tier = options.Tier is null ? null : TierOf(experiment, options.Tier);
        IReadOnlyList<string>[] values = [.. experiment.Parameters.Select(parameter => ValuesOf(parameter, tier, options))];
        int[] strategies = [.. Enumerable.Range(0, experiment.Strategies.Count).Where(index =>
            experiment.Strategies[index].IsBaseline || (options.Strategies?.Contains(experiment.Strategies[index].Name) ?? true))];
        int? epochs = options.Epochs ?? tier?.Epochs ?? experiment.Epochs;
        // Epochs that take the place of an experiment's own length take that of its steps, too.
        int? steps = options.Steps ?? tier?.Steps ?? (epochs is null ? experiment.Steps : null);
        string? link = options.Link ?? experiment.Link;
        int combinations = values.Aggregate(1, (product, list) => product * list.Count);
        for (int combination = 0; combination < combinations; combination++)
        {
            var texts = new Dictionary<string, string>();
            string name = experiment.Name;
            int rest = combination;
            for (int i = values.Length - 1; i >= 0; i--)
            {
                (rest, int choice) = Math.DivRem(rest, values[i].Count);
                texts.Add(experiment.Parameters[i].Option, values[i][choice]);
            }

            for (int i = 0; i < values.Length; i++)
            {
                if (values[i].Count > 1)
                    name += $"-{experiment.Parameters[i].Option}-{VariantName.PartOf(texts[experiment.Parameters[i].Option])}";
            }

            var parameters = new ParameterValues(texts);
            ExperimentSetup setup = Create(experiment, parameters);
            if (options.Precision is PrecisionSpec precision)
                setup = setup with { Precision = precision };
            Validate(name, setup, options);
            RequireFixedScale(name, setup, strategies.Select(index => (experiment.Strategies[index].Name, setup.Strategies[index])));
            RequireMetric(name, experiment.Target, setup.Objective);
            yield return new ExperimentVariant(
                experiment,
                name,
                parameters,
                setup,
                link is null or "unlimited" ? null : LinkSpec.Parse(link),
                epochs,
                steps,
                options.Seeds ?? experiment.Seeds,
                strategies);
        }
    }

    private static void Validate(string variant, ExperimentSetup setup, RunOptions options)
    {
        try
        {
            setup.Validate();
            setup.Precision.ValidateOn(options.Device);
            setup.LearningRate.ValidateFor(options.Topology.Ranks);
        }
        catch (UserErrorException mistake)
        {
            throw new UserErrorException($"{variant}: {mistake.Message}", mistake.ExitCode);
        }
    }

    /// <summary>In float16 gradients have a scale, which changes between steps.</summary>
    private static void RequireFixedScale(string variant, ExperimentSetup setup, IEnumerable<(string Name, StrategySpec Strategy)> strategies)
    {
        if (setup.Precision.Compute == NumberFormat.Float16
            && strategies.Where(one => one.Strategy.KeepsGradients).Select(one => one.Name).FirstOrDefault() is string keeper)
        {
            throw new UserErrorException(
                $"{variant}: strategy {keeper} keeps parts of gradients for later steps, and float16's loss scaling changes their scale; "
                    + "take bfloat16, or other --strategies");
        }
    }

    /// <summary>The compiler knows the metrics of the usual objective only.</summary>
    private static void RequireMetric(string variant, TargetQuality? target, ObjectiveSpec objective)
    {
        if (target is null)
            return;
        string[] known = [.. objective.Metrics.Select(metric => metric.Name)];
        NearestName.Require($"{variant}: [Target]", [target.Metric], known);
        if (target.Value > objective.Metrics.Single(metric => metric.Name == target.Metric).Largest)
            throw new UserErrorException($"{variant}: [Target] of {target.Metric} has a bound above 1 for a share");
    }

    private static ExperimentSetup Create(ExperimentDefinition experiment, ParameterValues values)
    {
        try
        {
            return experiment.Create(values);
        }
        catch (Exception failure) when (failure is not UserErrorException)
        {
            throw new UserErrorException($"{experiment.Name}: its class cannot be made: {ExperimentMembers.Reason(failure)}");
        }
    }

    private static void RequireDistinctNames(string suite, IReadOnlyList<ExperimentVariant> variants)
    {
        var owners = new Dictionary<string, string>();
        foreach (ExperimentVariant variant in variants)
        {
            if (variant.Name is "suite" or "nodes" or "device")
                throw new UserErrorException($"suite {suite}: experiment {variant.Name} is called as a setting of every run; rename it");
            if (!owners.TryAdd(variant.Name, variant.Experiment.Name))
            {
                throw new UserErrorException(
                    $"suite {suite}: experiments {owners[variant.Name]} and {variant.Experiment.Name} both have a variant called "
                        + $"{variant.Name}; rename one of them, or take one with --experiments");
            }
        }
    }

    private static TierDefinition TierOf(ExperimentDefinition experiment, string name)
    {
        string[] known = [.. experiment.Tiers.Select(tier => tier.Name)];
        if (known.Length == 0)
            throw new UserErrorException($"--tier {name}: {experiment.Name} has no tiers; leave it out with --experiments");
        NearestName.Require("--tier", [name], known);
        return experiment.Tiers.Single(tier => tier.Name == name);
    }

    /// <summary>The values to run over. Those of a user and of a source are known only now, so that the compiler's rules are kept here.</summary>
    private static IReadOnlyList<string> ValuesOf(ParameterDefinition parameter, TierDefinition? tier, RunOptions options)
    {
        IReadOnlyList<string> texts = options.Parameters.GetValueOrDefault(parameter.Option)
            ?? tier?.Parameters.FirstOrDefault(set => set.Option == parameter.Option)?.Values
            ?? parameter.Values;
        string[] values = [.. texts.Select(parameter.Normal)];
        if (values.Length == 0)
            throw new UserErrorException(CommonRules.ParameterWithoutValues.Say(parameter.Name, "ParamsSource"));
        if (Twice(values) is [string twice, ..])
            throw new UserErrorException(CommonRules.DuplicateValue.Say($"--{parameter.Option}", twice));
        if (VariantName.Alike(values) is var (first, second))
        {
            throw new UserErrorException(
                CommonRules.AlikeValues.Say($"--{parameter.Option}", first, second, VariantName.PartOf(first)));
        }

        return values;
    }

    private static T[] Twice<T>(IReadOnlyList<T> values) =>
        [.. values.GroupBy(value => value).Where(same => same.Skip(1).Any()).Select(same => same.Key)];

    private static void RequirePositive(string unit, int? count)
    {
        if (count is int few and < 1)
            throw new UserErrorException($"--{unit} {few}: {CommonRules.TooShort.Say(few, unit)}");
    }
}
