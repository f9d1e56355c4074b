using CsCheck;
using Daso.Communication;
using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class PiecePlanTests
{
    [Fact]
    public void Pieces_cover_the_buffer_once_and_fit_their_slots() =>
        Gen.Select(Gen.Int[0, 5_000_000], Gen.Int[0, 3]).Sample((elements, format) =>
        {
            WireFormat wire = format < 3 ? WireFormat.BuiltIn[format] : new ScaledBytes();
            var plan = new PiecePlan(CollectiveCall.AllReduce(elements, ReduceOperation.Sum, wire), elements);
            int next = 0;
            for (int piece = 0; piece < plan.Pieces; piece++)
            {
                (int offset, int length) = plan.RangeOf(piece);
                Assert.Equal(next, offset);
                Assert.Equal(0, offset % wire.BlockElements);
                Assert.InRange(plan.BytesOf(piece), elements == 0 ? 0 : 1, PieceLane.PieceBytes);
                next += length;
            }

            Assert.Equal(elements, next);
        });

    [Theory]
    [InlineData(0, 1)]
    [InlineData(4096, 1)]
    [InlineData(4097, 2)]
    [InlineData(256 * 1024, 16)]
    [InlineData(4 << 20, 64)]
    public void Large_buffers_have_large_pieces_and_small_ones_enough(int floats, int pieces) =>
        Assert.Equal(pieces, new PiecePlan(CollectiveCall.AllReduce(floats, ReduceOperation.Sum, WireFormat.Float32), floats).Pieces);

    [Theory]
    [InlineData(2, 1, "Float32", false)]
    [InlineData(4, 3 * 4096, "Float32", true)]
    [InlineData(4, 4 * 4096, "Float32", false)]
    [InlineData(4, 3 * 4096, "BFloat16", false)]
    [InlineData(64, 1 << 20, "Float32", true)]
    [InlineData(64, 10 << 20, "Float32", false)]
    public void Short_messages_over_many_nodes_go_to_the_library(int nodes, int floats, string name, bool expected)
    {
        var wire = WireFormat.Named(name);
        var call = CollectiveCall.AllReduce(floats, ReduceOperation.Mean, wire);
        Assert.Equal(expected, AllReduceChoice.IsLibrarys(AllReduceAlgorithm.Auto, call, nodes));
        Assert.False(AllReduceChoice.IsLibrarys(AllReduceAlgorithm.Hierarchical, call, nodes));
        Assert.Equal(wire == WireFormat.Float32, AllReduceChoice.IsLibrarys(AllReduceAlgorithm.Library, call, nodes));
    }
}
