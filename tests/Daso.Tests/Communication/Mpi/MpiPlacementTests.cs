using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class MpiPlacementTests
{
    private static readonly string[] s_hosts = ["a", "b", "a", "b"];

    [Fact]
    public void Each_nodes_ranks_are_numbered_one_after_the_other()
    {
        MpiPlacement placement = MpiPlacement.Of([0, 1, 0, 1], s_hosts, null);
        Assert.Equal((2, 2), (placement.Nodes, placement.RanksPerNode));
        Assert.Equal([0, 2, 1, 3], placement.Order);
    }

    [Fact]
    public void Unequal_nodes_are_refused_by_host() => Assert.Contains(
        "(a 3, b 1)",
        Assert.Throws<UserErrorException>(() => MpiPlacement.Of([0, 1, 0, 0], ["a", "b", "a", "a"], null)).Message);

    [Fact]
    public void One_machine_can_play_several_nodes()
    {
        MpiPlacement placement = MpiPlacement.Of([0, 0, 0, 0], ["a", "a", "a", "a"], (2, 2));
        Assert.Equal((2, 2), (placement.Nodes, placement.RanksPerNode));
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(1, 4)]
    public void Real_nodes_are_taken_as_they_are(int nodes, int ranksPerNode) => Assert.Contains(
        "2 × 2",
        Assert.Throws<UserErrorException>(() => MpiPlacement.Of([0, 1, 0, 1], s_hosts, (nodes, ranksPerNode))).Message);
}
