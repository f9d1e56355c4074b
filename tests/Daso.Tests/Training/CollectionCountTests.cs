using Daso.Recording;
using Daso.Training;

namespace Daso.Tests.Training;

[Collection(nameof(RunsAlone))]
public class CollectionCountTests
{
    [Fact]
    public void Each_collection_is_counted_once_in_its_oldest_generation()
    {
        var counts = new Counts();
        CollectionCount before = CollectionCount.Now();
        Collect(0);
        Collect(0);
        Collect(1);
        Collect(2);
        before.RecordSince(new StepTimer(counts));

        // Others may come in between, and the collector may take an older generation than it was asked for.
        double young = counts.Of(MetricNames.Gen0Collections), middle = counts.Of(MetricNames.Gen1Collections);
        double old = counts.Of(MetricNames.Gen2Collections);
        Assert.InRange(old, 1, 3);
        Assert.InRange(middle + old, 2, 5);
        Assert.InRange(young + middle + old, 4, 8);
    }

    [Fact]
    public void Steps_without_collections_record_nothing()
    {
        var counts = new Counts();
        CollectionCount.Now().RecordSince(new StepTimer(counts));
        Assert.Equal(0, counts.Records);
    }

    private static void Collect(int generation) => GC.Collect(generation, GCCollectionMode.Forced, blocking: true);

    private sealed class Counts : IRecorder
    {
        private readonly Dictionary<string, double> _values = [];

        public int Records => _values.Count;

        public long NowNs => 0;

        public double Of(string name) => _values.GetValueOrDefault(name);

        public void MoveTo(int epoch, int step)
        {
        }

        public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null)
        {
        }

        public void Metric(string name, double value) => _values[name] = value;

        public void EndStep()
        {
        }
    }
}
