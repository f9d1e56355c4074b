using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class NodeExchangeTests
{
    /// <summary>Memory of a group on a machine grows with its ranks, not with their square.</summary>
    [Theory]
    [InlineData(2, 2, 8)]
    [InlineData(4, 4, 32)]
    [InlineData(8, 8, 64)]
    [InlineData(16, 16, 64)]
    [InlineData(64, 64, 64)]
    [InlineData(128, 128, 128)]
    [InlineData(64, 2, 64)]
    public void Memory_is_capped(int ranksOnMachine, int ranksOfNode, int expectedMebibytes)
    {
        int lanes = Math.Min(ranksOfNode, NodeExchange.MaximumSlots(ranksOnMachine));
        long bytes = (long)ranksOnMachine * NodeExchange.SlotsFor(lanes, ranksOnMachine) * NodeExchange.SlotBytes;
        Assert.Equal(expectedMebibytes, bytes >> 20);
    }
}
