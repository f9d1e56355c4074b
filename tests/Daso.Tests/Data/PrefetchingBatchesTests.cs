using System.Runtime.InteropServices;
using CsCheck;
using Daso.Data;
using TorchSharp;

namespace Daso.Tests.Data;

public class PrefetchingBatchesTests
{
    private const int Samples = 23;
    private const int BatchSize = 4;

    [Fact]
    public void Whatever_is_begun_and_left_the_samples_come_in_their_order() =>
        Gen.Select(Gen.Int[1, 5], Gen.Select(Gen.Int[0, 3], Gen.Int[0, 6], Gen.Int[0, 6]).Array[1, 8]).Sample(
            (threads, visits) =>
            {
                using var source = new PrefetchingBatches(() => new NumberReader(), threads, Order(), torch.CPU);
                foreach ((int epoch, int first, int taken) in visits)
                {
                    source.StartEpoch(epoch, first);
                    for (int batch = first; batch < Math.Min(first + taken, source.BatchesPerEpoch); batch++)
                    {
                        Batch given = source.Next();
                        int length = Math.Min(BatchSize, Samples - batch * BatchSize);
                        Assert.Equal(length, given.Items);
                        Assert.Equal(Enumerable.Range(batch * BatchSize, length).Select(sample => (long)sample), given.Labels());
                        Assert.All(given.Images(), value => Assert.Equal(epoch, value));
                    }
                }
            },
            iter: 100);

    [Fact]
    public void Neither_the_workers_nor_the_training_allocate_in_steady_state()
    {
        long allocated = 0;
        using var source = new PrefetchingBatches(() => new NumberReader(bytes => Interlocked.Add(ref allocated, bytes)), 3, Order(), torch.CPU);
        RunEpochs(0, 3);
        allocated = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        RunEpochs(3, 53);

        // The last batch of an epoch is smaller: its two views are new tensors.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 50 * 2048);
        Assert.InRange(Interlocked.Read(ref allocated), 0, 2048);

        void RunEpochs(int from, int to)
        {
            for (int epoch = from; epoch < to; epoch++)
            {
                source.StartEpoch(epoch);
                for (int batch = 0; batch < source.BatchesPerEpoch; batch++)
                    source.Next();
            }
        }
    }

    private static FileOrder Order() => new(Samples, new Shard(0, 1), BatchSize);

    /// <summary>Images of the epoch's number with the sample's number as their class; tells what its thread allocated between them.</summary>
    private sealed class NumberReader(Action<long>? allocated = null) : SampleReader
    {
        private long _before = -1;

        public override SampleLayout Layout { get; } = SampleLayout.Image(1, 2, 2);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            if (_before >= 0)
                allocated?.Invoke(GC.GetAllocatedBytesForCurrentThread() - _before);
            MemoryMarshal.Cast<byte, float>(input).Fill(epoch);
            targets[0] = sample;
            _before = GC.GetAllocatedBytesForCurrentThread();
        }
    }
}
