namespace Daso.Analysis;

/// <summary>All columns of results.</summary>
internal static class ResultColumns
{
    /// <summary>Marks a strategy whose times do not compare.</summary>
    internal const string LessWorkMark = "†";

    /// <summary>The strategy's name, marked where its times do not compare.</summary>
    public static readonly ResultColumn MarkedStrategy =
        ResultColumn.Of("Strategy", strategy => strategy.FasterThanPlausible ? $"{strategy.Strategy} {LessWorkMark}" : strategy.Strategy);

    /// <summary>The strategy's name.</summary>
    public static readonly ResultColumn Strategy = ResultColumn.Of("Strategy", strategy => strategy.Strategy);

    /// <summary>How many of the planned seeds are trained.</summary>
    public static readonly ResultColumn Seeds =
        new(_ => "Seeds", (plan, strategy) => FormattableString.Invariant($"{strategy.Cells.Count}/{plan.Seeds.Count}"))
        {
            Legend = ("Seeds", "trained of those that were planned: what means and medians over seeds are taken over"),
        };

    /// <summary>The step's time and its spread.</summary>
    public static readonly ResultColumn Step =
        ResultColumn.Of("Step", strategy => Quantity.Durations(strategy.StepNs.Median, " ± ", strategy.StepNs.MedianAbsoluteDeviation)) with
        {
            Legend = ("Step", "the slowest rank's time: median ± median absolute deviation over the steps of all seeds"),
            Values =
            [
                new("step_median_ns", (_, cell) => Spread.Of(cell.UndisturbedStepsNs).Median),
                new("step_mad_ns", (_, cell) => Spread.Of(cell.UndisturbedStepsNs).MedianAbsoluteDeviation),
            ],
        };

    /// <summary>Between which times most steps lie.</summary>
    public static readonly ResultColumn StepRange =
        ResultColumn.Of("p10…p90", strategy => Quantity.Durations(strategy.StepNs.P10, "…", strategy.StepNs.P90)) with
        {
            Legend = ("p10…p90", "of the same times"),
            Values =
            [
                new("step_p10_ns", (_, cell) => Spread.Of(cell.UndisturbedStepsNs).P10),
                new("step_p90_ns", (_, cell) => Spread.Of(cell.UndisturbedStepsNs).P90),
            ],
        };

    /// <summary>Images or tokens a second.</summary>
    public static readonly ResultColumn Rate =
        new(plan => $"{plan.Unit}/s", (_, strategy) => Quantity.Count(strategy.ItemsPerSecond.Median))
        {
            Legend = ("…/s", "of all ranks over the training time, median over seeds"),
            Values = [new("items_per_second", (_, cell) => cell.ItemsPerSecond)],
        };

    /// <summary>A rank's rate over that of a rank of the base run.</summary>
    public static readonly ResultColumn ScalingEfficiency = ResultColumn.Of(
        "Efficiency", strategy => strategy.ScalingEfficiency is double share ? Quantity.Percent(share) : Quantity.Missing) with
    {
        Legend = ("Efficiency", "scaling: images or tokens a second and rank over those of the base run with the same batch a rank, of the same strategy, or else of its baseline"),
    };

    /// <summary>The training's time.</summary>
    public static readonly ResultColumn Training =
        ResultColumn.Of("Training", strategy => Quantity.Duration(strategy.TrainingNs.Median)) with
        {
            Legend = ("Training", "time of all epochs without evaluation, median over seeds"),
            Values = [new("training_ns", (_, cell) => cell.TrainingNs)],
        };

    /// <summary>The training's time over the baseline's.</summary>
    public static readonly ResultColumn RelativeTraining =
        new(plan => $"Training vs {plan.Baseline}", (_, strategy) => StrategyTexts.RelativeTraining(strategy))
        {
            Legend = ("Training vs", "training time over the baseline's with the same seed: median (min…max); below 1 is faster"),
            Values = [new("relative_training", (_, cell) => cell.RelativeTraining)],
        };

    /// <summary>The step's time over the baseline's, with its interval and what that says.</summary>
    public static readonly ResultColumn JudgedStepRatio =
        new(plan => $"vs {plan.Baseline}", (_, strategy) => strategy.IsBaseline ? "1" : StrategyTexts.JudgedRatio(strategy.Ratio))
        {
            Colour = strategy => StrategyTexts.ColourOf(strategy.Ratio),
            Legend = ("vs", "step time over the baseline's with the same seed; 95 % interval; what it says at ± 2 % (–: too few steps for an interval)"),
        };

    /// <summary>The step's time over the baseline's, with its interval.</summary>
    public static readonly ResultColumn StepRatio =
        new(plan => $"Step vs {plan.Baseline} [95 %]", (_, strategy) => StrategyTexts.Ratio(strategy.Ratio))
        {
            Legend = ("Step vs", "step time over the baseline's, paired by seed, with its 95 % interval by bootstrap over seeds and blocks of steps"),
        };

    /// <summary>What that interval says.</summary>
    public static readonly ResultColumn Verdict = ResultColumn.Of("Verdict", StrategyTexts.VerdictOf) with
    {
        Legend = ("Verdict", FormattableString.Invariant(
            $"whether this interval lies below, above or inside 1 ± {PairedRatio.DefaultThreshold * 100:0.#} %; ")
            + "inconclusive: none of these, or too few steps for an interval; one training: another seed may differ by more than the interval"),
    };

    /// <summary>Training time to the target.</summary>
    public static readonly ResultColumn ToTarget =
        new(plan => plan.Target is null ? "To target" : $"To {StrategyTexts.Target(plan.Target)}", StrategyTexts.TimeToTarget)
        {
            Legend = ("To", "training time up to the end of the first epoch with this quality: median (seeds that reached it / seeds)"),
            Values = [new("time_to_target_ns", (_, cell) => cell.TimeToTargetNs)],
        };

    /// <summary>The quality at the end.</summary>
    public static readonly ResultColumn Quality =
        new(plan => plan.QualityMetric(), (_, strategy) => StrategyTexts.Quality(strategy.FinalQuality))
        {
            Legend = ("accuracy, …", "the quality on held-out data after the last epoch: mean ± standard deviation over seeds"),
            Values =
            [
                new("final_quality", (_, cell) => cell.FinalQuality),
                new("quality_metric", (experiment, _) => experiment.QualityMetric),
            ],
        };

    /// <summary>What goes over the network.</summary>
    public static readonly ResultColumn Sent = ResultColumn.Of("Sent", strategy => Quantity.Bytes(strategy.BytesPerNodeStep)) with
    {
        Legend = ("Sent", "bytes from a node to other nodes in a step"),
        Values = [new("bytes_per_node_step", (_, cell) => cell.BytesPerNodeStep)],
    };

    /// <summary>The share of a step that waits.</summary>
    public static readonly ResultColumn Waits = ResultColumn.Of("Waits", StrategyTexts.Waits) with
    {
        Legend = ("Waits", "share of step time that waits: inside the node + for the network + for ranks that come later (imbalance)"),
        Values =
        [
            new("local_wait_share", (_, cell) => cell.LocalWaitShare),
            new("global_wait_share", (_, cell) => cell.GlobalWaitShare),
        ],
    };

    /// <summary>The mean step, whose parts the further columns are.</summary>
    public static readonly ResultColumn MeanStep = ResultColumn.Of("Mean", strategy => Quantity.Duration(strategy.Breakdown.StepNs));

    /// <summary>The parts of a step, in its order; they add up to <see cref="MeanStep"/>.</summary>
    public static readonly IReadOnlyList<ResultColumn> Parts =
    [
        Part("Data", step => step.DataNs),
        Part("Buffers", step => step.BuffersNs, "broadcasting batch norm's running statistics, what ranks wait for each other included"),
        Part("Forward", step => step.ForwardNs),
        Part("Backward", step => step.BackwardNs),
        Part("Local", step => step.LocalSyncNs, "averaging or broadcasting inside the node, once its ranks are there"),
        Part("Send", step => step.GlobalSendNs, "packing and handing over"),
        Part(
            "Wait",
            step => step.GlobalWaitNs,
            "waiting for other nodes once they are there, also through the node's rank on duty: the network"),
        Part("Merge", step => step.MergeNs),
        Part("Update", step => step.OptimizerNs),
        Part("Imbalance", step => step.ImbalanceNs, "waiting for ranks that come later to a common operation"),
        Part("Other", step => step.OtherNs),
    ];

    /// <summary>What the runtime allocates.</summary>
    public static readonly ResultColumn Allocated = ResultColumn.Of("Alloc", strategy => Quantity.Bytes(strategy.AllocatedBytesPerStep)) with
    {
        Legend = ("Alloc", "managed bytes that a rank allocates in a step, median"),
        Values = [new("allocated_bytes_per_step", (_, cell) => cell.AllocatedBytesPerStep)],
    };

    /// <summary>What the runtime collects.</summary>
    public static readonly ResultColumn GarbageCollections = ResultColumn.Of("GC", StrategyTexts.Collections) with
    {
        Legend = ("GC", "garbage collections during timed steps of all seeds, by generation: 0 + 1 + 2"),
    };

    private static ResultColumn Part(string header, Func<StepBreakdown, double> ns, string? meaning = null) =>
        ResultColumn.Of(header, strategy => ns(strategy.Breakdown) is var time && time == 0 ? Quantity.Missing : Quantity.Duration(time)) with
        {
            Legend = meaning is null ? null : (header, meaning),
        };
}
