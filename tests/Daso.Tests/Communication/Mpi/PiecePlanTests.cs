using CsCheck;
using Daso.Communication;
using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class PiecePlanTests
{
    [Fact]
    public void Pieces_cover_the_buffer_once_and_fit_their_slots() =>
        Gen.Select(Gen.Int[0, 5_000_000], Gen.Int[0, 3], Gen.Int[1, 200]).Sample((elements, format, nodes) =>
        {
            WireFormat wire = format < 3 ? WireFormat.BuiltIn[format] : new ScaledBytes();
            var plan = PiecePlan.Of(CollectiveCall.AllReduce(elements, ReduceOperation.Sum, wire), nodes);
            int next = 0;
            for (int piece = 0; piece < plan.Pieces; piece++)
            {
                (_, int offset, int length) = plan.RangeOf(piece);
                Assert.Equal(next, offset);
                Assert.Equal(0, offset % wire.BlockElements);
                Assert.InRange(plan.BytesOf(piece), elements == 0 ? 0 : 1, PiecePlan.LargestBytes(nodes));
                next += length;
            }

            Assert.Equal(elements, next);
        });

    [Fact]
    public void Pieces_never_cross_parts() =>
        Gen.Select(Gen.Int[0, 100_000].Array[1, 8], Gen.Int[1, 8]).Sample((lengths, nodes) =>
        {
            var parts = new Partition(lengths);
            var call = new CollectiveCall(CollectiveKind.AllGather, ElementType.Float32, parts.Length) { Parts = parts };
            PiecePlan plan = PiecePlan.Of(call, nodes);
            int[] covered = new int[lengths.Length];
            for (int piece = 0; piece < plan.Pieces; piece++)
            {
                (int part, int offset, int length) = plan.RangeOf(piece);
                Assert.Equal(parts[part].Offset + covered[part], offset);
                covered[part] += length;
            }

            Assert.Equal(lengths, covered);
        });

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(4096, 1, 1)]
    [InlineData(4097, 1, 2)]
    [InlineData(256 * 1024, 2, 16)]
    [InlineData(4 << 20, 2, 64)]
    [InlineData(256 * 1024, 64, 128)]
    [InlineData(4 << 20, 64, 1024)]
    public void Large_buffers_have_large_pieces_and_small_ones_enough_for_the_nodes(int floats, int nodes, int pieces) =>
        Assert.Equal(pieces, PiecePlan.Of(CollectiveCall.AllReduce(floats, ReduceOperation.Sum, WireFormat.Float32), nodes).Pieces);

    [Theory]
    [InlineData("Float32", 1, true)]
    [InlineData("Float32", 0, false)]
    [InlineData("BFloat16", 1, false)]
    public void The_library_carries_out_what_it_can(string name, int floats, bool expected)
    {
        var call = CollectiveCall.AllReduce(floats, ReduceOperation.Mean, WireFormat.Named(name));
        Assert.Equal(expected, AllReduceChoice.IsLibrarys(AllReduceAlgorithm.Library, call));
        Assert.False(AllReduceChoice.IsLibrarys(AllReduceAlgorithm.Hierarchical, call));
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(2, 16 * 1024, true)]
    [InlineData(2, 16 * 1024 + 1, false)]
    [InlineData(64, 260, true)]
    [InlineData(64, 261, false)]
    public void Small_sums_go_in_rounds(int nodes, int floats, bool expected) => Assert.Equal(
        expected, RoundsLane.Takes(CollectiveCall.AllReduce(floats, ReduceOperation.Sum, WireFormat.Float32), nodes));
}
