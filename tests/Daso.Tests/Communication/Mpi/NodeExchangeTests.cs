using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class NodeExchangeTests
{
    /// <summary>Memory of a group on a machine grows with its ranks, not with their square.</summary>
    [Theory]
    [InlineData(2, 2, 8)]
    [InlineData(4, 4, 32)]
    [InlineData(8, 8, 48)]
    [InlineData(16, 16, 48)]
    [InlineData(64, 64, 48)]
    [InlineData(128, 128, 96)]
    [InlineData(64, 2, 48)]
    public void Memory_is_capped(int ranksOnMachine, int ranksOfNode, int expectedMebibytes)
    {
        int lanes = Math.Min(ranksOfNode, NodeExchange.MaximumSlots(ranksOnMachine));
        long bytes = (long)ranksOnMachine * NodeExchange.SlotsFor(lanes, ranksOnMachine) * NodeExchange.SlotBytes;
        Assert.Equal(expectedMebibytes, bytes >> 20);
    }
}
