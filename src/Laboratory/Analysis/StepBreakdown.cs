namespace Daso.Analysis;

/// <summary>
/// Where a training step's time goes: means over ranks, steps and seeds, in nanoseconds; the parts add up to the step. What a rank waits
/// is told apart: for the slowest rank of its group (imbalance), and for the operation itself (docs/statistics.md).
/// </summary>
/// <param name="StepNs">A whole step.</param>
/// <param name="DataNs">Waiting for the next batch.</param>
/// <param name="BuffersNs">Broadcasting batch norm's running statistics, imbalance included.</param>
/// <param name="ForwardNs">Forward pass and loss.</param>
/// <param name="BackwardNs">Backward pass, with what communication is started inside it.</param>
/// <param name="LocalSyncNs">Averaging or broadcasting inside the node, once all its ranks are there.</param>
/// <param name="GlobalSendNs">Packing and handing over to the network.</param>
/// <param name="GlobalWaitNs">Waiting for other nodes once all of them are there: the network. Also the wait for a rank of the own node
/// that exchanges on behalf of it.</param>
/// <param name="MergeNs">Merging what came from other nodes.</param>
/// <param name="OptimizerNs">The update.</param>
/// <param name="ImbalanceNs">Waiting for ranks that came later to a common operation.</param>
/// <param name="OtherNs">The rest of the step.</param>
internal sealed record StepBreakdown(
    double StepNs,
    double DataNs,
    double BuffersNs,
    double ForwardNs,
    double BackwardNs,
    double LocalSyncNs,
    double GlobalSendNs,
    double GlobalWaitNs,
    double MergeNs,
    double OptimizerNs,
    double ImbalanceNs,
    double OtherNs)
{
    /// <summary>The parts by name, in the order of a step.</summary>
    public IReadOnlyList<(string Name, double Ns)> Parts() =>
    [
        ("data", DataNs),
        ("buffers", BuffersNs),
        ("forward", ForwardNs),
        ("backward", BackwardNs),
        ("local sync", LocalSyncNs),
        ("global send", GlobalSendNs),
        ("global wait", GlobalWaitNs),
        ("merge", MergeNs),
        ("optimizer", OptimizerNs),
        ("imbalance", ImbalanceNs),
        ("other", OtherNs),
    ];

    /// <summary>The mean of several trainings; NaN everywhere for none.</summary>
    internal static StepBreakdown Mean(IReadOnlyList<StepBreakdown> all)
    {
        return new StepBreakdown(
            Of(one => one.StepNs),
            Of(one => one.DataNs),
            Of(one => one.BuffersNs),
            Of(one => one.ForwardNs),
            Of(one => one.BackwardNs),
            Of(one => one.LocalSyncNs),
            Of(one => one.GlobalSendNs),
            Of(one => one.GlobalWaitNs),
            Of(one => one.MergeNs),
            Of(one => one.OptimizerNs),
            Of(one => one.ImbalanceNs),
            Of(one => one.OtherNs));

        double Of(Func<StepBreakdown, double> part) => Statistics.Mean([.. all.Select(part)]);
    }
}
