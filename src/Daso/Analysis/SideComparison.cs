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

    private static StrategyComparison? Compare(
        string strategy, string baseline, ExperimentSummary[] a, ExperimentSummary[] b, double threshold)
    {
        CellSummary[][] cellsA = CellsOf(a, strategy), cellsB = CellsOf(b, strategy);
        RatioUnit[][] stepsA = [.. cellsA.Select(Steps)], stepsB = [.. cellsB.Select(Steps)];
        if (Ratio(stepsB, stepsA, threshold) is not PairedRatio step)
            return null;
        return new StrategyComparison(
            strategy,
            MeanNs(stepsA),
            MeanNs(stepsB),
            step,
            strategy == baseline ? null : Ratio(Pairs(cellsB, CellsOf(b, baseline)), Pairs(cellsA, CellsOf(a, baseline)), threshold),
            QualityDifference.Of(Quality(cellsA), Quality(cellsB)));
    }

    /// <summary>Of each run, a strategy's trainings.</summary>
    private static CellSummary[][] CellsOf(ExperimentSummary[] runs, string strategy) =>
        [.. runs.Select(run => run.Strategies.Where(one => one.Strategy == strategy).SelectMany(one => one.Cells).ToArray())];

    private static RatioUnit[] Steps(CellSummary[] cells) =>
        [.. cells.Select(cell => cell.Blocks).OfType<StepBlocks>().Select(RatioUnit.Of)];

    private static RatioUnit[][] Pairs(CellSummary[][] cells, CellSummary[][] baseline) =>
        [.. cells.Zip(baseline, (run, other) => StrategySummary.PairsOf(run, other).ToArray())];

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

    private static Spread Quality(CellSummary[][] runs) => Spread.Of(runs.SelectMany(run => run).Select(cell => cell.FinalQuality));
}
