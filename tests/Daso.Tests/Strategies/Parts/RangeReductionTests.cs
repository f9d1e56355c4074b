using CsCheck;
using Daso.Communication;
using Daso.Models;
using Daso.Strategies;
using Daso.Tests.Cluster;
using static TorchSharp.torch;

namespace Daso.Tests.Strategies;

public sealed class RangeReductionTests
{
    [Fact]
    public void Only_the_range_is_reduced()
    {
        float[][] ranks = TestCluster.Collect(2, 2, ranks =>
        {
            using FlatTensor tensor = Filled(7, i => ranks.Rank + i);
            new RangeReduction(tensor, new FlatRange(2, 3), ranks.World).Run(ReduceOperation.Mean);
            return tensor.Host.ToArray();
        });
        for (int rank = 0; rank < 4; rank++)
            Assert.Equal([rank, rank + 1, 3.5f, 4.5f, 5.5f, rank + 5, rank + 6], ranks[rank]);
    }

    [Fact]
    public void Chunks_change_no_bit_and_no_byte() => Gen.Select(Gen.Int[0, 40], Gen.Int[1, 45]).Sample(
        (length, chunk) =>
        {
            ((float[] Values, long Bytes) whole, (float[] Values, long Bytes) split) = TestCluster.Collect(2, 1, ranks =>
            {
                (float[], long) Reduce(int chunkElements)
                {
                    using FlatTensor tensor = Filled(length + 3, i => MathF.Sin(i + ranks.Rank));
                    long bytes = new RangeReduction(tensor, new FlatRange(3, length), ranks.World, chunkElements).Run(ReduceOperation.Sum);
                    return (tensor.Host.ToArray(), bytes);
                }

                return (Reduce(int.MaxValue), Reduce(chunk));
            })[0];
            Assert.Equal(whole.Values, split.Values);
            Assert.Equal(whole.Bytes, split.Bytes);
        },
        iter: 20,
        threads: 1);

    [Fact]
    public void What_was_started_goes_on_beside_the_caller_and_is_finished_once()
    {
        TestCluster.Run(2, 1, ranks =>
        {
            using FlatTensor tensor = Filled(5, _ => ranks.Rank);
            var reduction = new RangeReduction(tensor, new FlatRange(0, tensor.Length), ranks.World, chunkElements: 2);
            Assert.Equal(0, reduction.Finish());
            reduction.Start(ReduceOperation.Sum);
            Assert.True(reduction.IsUnderWay);
            Assert.Throws<InvalidOperationException>(() => reduction.Start(ReduceOperation.Sum));
            reduction.Finish();
            Assert.False(reduction.IsUnderWay);
            Assert.Equal(0, reduction.Finish());
            Assert.All(tensor.Host.ToArray(), value => Assert.Equal(1, value));
        });
    }

    [Fact]
    public void What_is_under_way_when_it_is_saved_is_done_when_it_is_loaded()
    {
        TestCluster.Run(2, 1, ranks =>
        {
            using FlatTensor tensor = Filled(5, _ => ranks.Rank), other = new(5, CPU);
            RangeReduction saved = new(tensor, ranks.World), loaded = new(other, ranks.World);
            saved.Start(ReduceOperation.Sum);
            using var stream = new MemoryStream();
            saved.Save(new BinaryWriter(stream));
            Assert.All(tensor.Host.ToArray(), value => Assert.Equal(1, value));
            stream.Position = 0;
            loaded.Load(new BinaryReader(stream));
            Assert.False(loaded.IsUnderWay);
            Assert.Equal(saved.Finish(), loaded.Finish());
            Assert.Equal(0, loaded.Finish());
        });
    }

    [Fact]
    public void It_travels_in_the_wire_format()
    {
        float[] sums = TestCluster.Collect(2, 1, ranks =>
        {
            using FlatTensor tensor = Filled(1, _ => 1.001f);
            new RangeReduction(tensor, ranks.World).Run(ReduceOperation.Sum, WireFormat.BFloat16);
            return tensor.Host.Span[0];
        });
        Assert.Equal([2f, 2f], sums);
    }

    internal static FlatTensor Filled(int length, Func<int, float> value)
    {
        var tensor = new FlatTensor(length, CPU);
        for (int i = 0; i < length; i++)
            tensor.Host.Span[i] = value(i);
        return tensor;
    }
}
