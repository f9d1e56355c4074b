using Daso.Recording;

namespace Daso.Training;

/// <summary>Garbage collections of this process so far. .NET counts a collection in its oldest generation and in all younger ones.</summary>
/// <param name="Gen0">Of generation 0 or more.</param>
/// <param name="Gen1">Of generation 1 or more.</param>
/// <param name="Gen2">Of generation 2.</param>
internal readonly record struct CollectionCount(int Gen0, int Gen1, int Gen2)
{
    public static CollectionCount Now() => new(GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2));

    /// <summary>Records the collections since this count, each once. Most steps have none: they record nothing.</summary>
    public void RecordSince(StepTimer timer)
    {
        CollectionCount now = Now();
        if (now == this)
            return;
        int gen2 = now.Gen2 - Gen2;
        int gen1Up = now.Gen1 - Gen1;
        timer.Metric(MetricNames.Gen0Collections, now.Gen0 - Gen0 - gen1Up);
        timer.Metric(MetricNames.Gen1Collections, gen1Up - gen2);
        timer.Metric(MetricNames.Gen2Collections, gen2);
    }
}
