using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A point of a training's curves: what rank 0 measured after an epoch.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="TrainingNs">Training time up to the epoch's end, evaluation left out.</param>
/// <param name="Metrics">Losses, qualities, learning rate, … by name, in the order of recording.</param>
internal sealed record EpochPoint(int Epoch, long TrainingNs, IReadOnlyList<(string Name, double Value)> Metrics)
{
    /// <param name="epochsNs">Training time of each epoch.</param>
    /// <param name="metrics">Rank 0's.</param>
    public static IReadOnlyList<EpochPoint> Of(IReadOnlyList<long> epochsNs, RankMetrics metrics)
    {
        var measured = new List<(string, double)>[epochsNs.Count];
        for (int i = 0; i < metrics.Names.Length; i++)
        {
            if (MetricNames.IsOfEpoch(metrics.Names[i]))
                (measured[metrics.Epochs[i]] ??= []).Add((metrics.Names[i], metrics.Values[i]));
        }

        var points = new EpochPoint[epochsNs.Count];
        long trainingNs = 0;
        for (int epoch = 0; epoch < points.Length; epoch++)
            points[epoch] = new EpochPoint(epoch, trainingNs += epochsNs[epoch], measured[epoch] ?? []);
        return points;
    }

    /// <summary>The last value of a metric, null if it was not measured.</summary>
    public double? Value(string name) =>
        Metrics.Where(metric => metric.Name == name).Select(metric => (double?)metric.Value).LastOrDefault();
}
