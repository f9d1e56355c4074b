namespace Daso.Analysis;

/// <summary>Compares the strategies that two sets of runs have in common.</summary>
internal static class SideComparison
{
    /// <summary>The experiments and strategies of both, in A's order.</summary>
    public static IEnumerable<ExperimentComparison> Experiments(RunSet a, RunSet b, double threshold)
    {
        foreach (ExperimentSummary plan in a.Summaries[0].Experiments)
        {
            ExperimentSummary[] inA = Named(a, plan.Plan.Name), inB = Named(b, plan.Plan.Name);
            StrategyComparison[] strategies =
            [
                .. plan.Plan.Strategies
                    .Select(strategy => Compare(strategy, plan.Plan.Baseline, inA, inB, threshold))
                    .OfType<StrategyComparison>(),
            ];
            if (strategies.Length > 0)
                yield return new ExperimentComparison(plan.Plan.Name, plan.Plan.Baseline, plan.QualityMetric, strategies);
        }
    }

    private static ExperimentSummary[] Named(RunSet runs, string name) =>
        [.. runs.Summaries.SelectMany(run => run.Experiments).Where(experiment => experiment.Plan.Name == name)];

    /// <summary>Of the seeds that both sides have: trainings of other seeds differ by more than the sides do.</summary>
    private static StrategyComparison? Compare(
        string strategy, string baseline, ExperimentSummary[] a, ExperimentSummary[] b, double threshold)
    {
        HashSet<int> seeds = [.. Seeds(a, strategy).Intersect(Seeds(b, strategy))];
        CellSummary[][] cellsA = CellsOf(a, strategy, seeds), cellsB = CellsOf(b, strategy, seeds);
        RatioUnit[][] stepsA = [.. cellsA.Select(Steps)], stepsB = [.. cellsB.Select(Steps)];
        if (Ratio(stepsB, stepsA, threshold) is not PairedRatio step)
            return null;
        return new StrategyComparison(
            strategy,
            [.. seeds.Order()],
            MeanNs(stepsA),
            MeanNs(stepsB),
            step,
            strategy == baseline ? null : Relative(strategy, baseline, a, b, threshold),
            QualityDifference.Of(Quality(cellsA), Quality(cellsB)));
    }

    private static PairedRatio? Relative(string strategy, string baseline, ExperimentSummary[] a, ExperimentSummary[] b, double threshold)
    {
        HashSet<int> seeds =
        [
            .. Seeds(a, strategy).Intersect(Seeds(b, strategy)).Intersect(Seeds(a, baseline)).Intersect(Seeds(b, baseline)),
        ];
        return Ratio(Pairs(b), Pairs(a), threshold);

        RatioUnit[][] Pairs(ExperimentSummary[] runs) =>
        [
            .. CellsOf(runs, strategy, seeds)
                .Zip(CellsOf(runs, baseline, seeds), (run, other) => StrategySummary.PairsOf(run, other).ToArray()),
        ];
    }

    private static IEnumerable<int> Seeds(ExperimentSummary[] runs, string strategy) =>
        runs.SelectMany(run => run.Strategies).Where(one => one.Strategy == strategy).SelectMany(one => one.Cells).Select(cell => cell.Seed);

    /// <summary>Of each run, a strategy's trainings.</summary>
    private static CellSummary[][] CellsOf(ExperimentSummary[] runs, string strategy, HashSet<int> seeds) =>
    [
        .. runs.Select(run => run.Strategies.Where(one => one.Strategy == strategy).SelectMany(one => one.Cells)
            .Where(cell => seeds.Contains(cell.Seed)).ToArray()),
    ];

    private static RatioUnit[] Steps(CellSummary[] cells) =>
        [.. cells.Select(cell => cell.Blocks).OfType<StepBlocks>().Select(RatioUnit.Of)];

    /// <summary>Runs are the units where both sides have several, else trainings.</summary>
    private static PairedRatio? Ratio(RatioUnit[][] runs, RatioUnit[][] others, double threshold)
    {
        runs = [.. runs.Where(run => run.Length > 0)];
        others = [.. others.Where(run => run.Length > 0)];
        if (runs.Length == 0 || others.Length == 0)
            return null;
        return runs.Length > 1 && others.Length > 1
            ? RatioBootstrap.Unpaired([.. runs.Select(RatioUnit.Mean)], [.. others.Select(RatioUnit.Mean)], IntervalScope.Runs, threshold)
            : RatioBootstrap.Unpaired([.. runs.SelectMany(run => run)], [.. others.SelectMany(run => run)], IntervalScope.Seeds, threshold);
    }

    private static double MeanNs(RatioUnit[][] runs) => Math.Exp(runs.SelectMany(run => run).Average(unit => unit.Log));

    /// <summary>Of each seed one value, the mean over runs: the same deterministic training again is no second value.</summary>
    private static SortedDictionary<int, double> Quality(CellSummary[][] runs) => new(runs.SelectMany(run => run)
        .Where(cell => cell.FinalQuality is not null)
        .GroupBy(cell => cell.Seed)
        .ToDictionary(seed => seed.Key, seed => seed.Average(cell => cell.FinalQuality!.Value)));
}
