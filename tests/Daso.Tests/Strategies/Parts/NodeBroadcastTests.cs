using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using Daso.Tests.Cluster;

namespace Daso.Tests.Strategies;

public sealed class NodeBroadcastTests
{
    [Fact]
    public void A_nodes_ranks_get_the_tensors_of_the_one_on_duty()
    {
        float[][] values = TestCluster.Collect(2, 3, ranks =>
        {
            using FlatTensor one = RangeReductionTests.Filled(4, _ => ranks.Rank), other = RangeReductionTests.Filled(1, _ => -ranks.Rank);
            new NodeBroadcast(ranks.Node, new StepTimer(NullRecorder.Instance), [one, other], isSharded: false).Share(onDuty: 1);
            return (float[])[.. one.Host.ToArray(), .. other.Host.ToArray()];
        });
        for (int rank = 0; rank < 6; rank++)
        {
            float owner = rank < 3 ? 1 : 4;
            Assert.Equal([owner, owner, owner, owner, -owner], values[rank]);
        }
    }

    [Fact]
    public void Sharded_every_rank_gives_its_slice()
    {
        float[][] values = TestCluster.Collect(1, 3, ranks =>
        {
            using FlatTensor tensor = RangeReductionTests.Filled(5, _ => ranks.Rank);
            new NodeBroadcast(ranks.Node, new StepTimer(NullRecorder.Instance), [tensor], isSharded: true).Share(onDuty: 0);
            return tensor.Host.ToArray();
        });
        Assert.All(values, value => Assert.Equal([0f, 1f, 1f, 2f, 2f], value));
    }
}
