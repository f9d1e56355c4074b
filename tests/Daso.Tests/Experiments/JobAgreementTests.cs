using Daso.Experiments;
using Daso.Tests.Cluster;

namespace Daso.Tests.Experiments;

public class JobAgreementTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(1_000_001)]
    public void What_rank_0_finds_reaches_all_and_nobody_else_looks(int length)
    {
        int calls = 0;
        byte[] sent = new byte[length];
        new Random(1).NextBytes(sent);
        byte[][] received = TestCluster.Collect(2, 2, ranks => JobAgreement.Once(ranks.World, () =>
        {
            Interlocked.Increment(ref calls);
            return sent;
        }));
        Assert.Equal(1, calls);
        Assert.All(received, bytes => Assert.Equal(sent, bytes));
    }

    [Fact]
    public void Ranks_wait_for_a_search_that_takes_long()
    {
        byte[][] received = TestCluster.Collect(1, 3, ranks => JobAgreement.Once(
            ranks.World,
            () =>
            {
                Thread.Sleep(200);
                return [7];
            },
            TimeSpan.FromMilliseconds(5)));
        Assert.All(received, bytes => Assert.Equal([7], bytes));
    }

    [Fact]
    public void A_search_that_fails_fails_the_job()
    {
        var error = Assert.Throws<UserErrorException>(() => TestCluster.Run(
            1, 2, ranks => JobAgreement.Once(ranks.World, () => throw new UserErrorException("no such folder"))));
        Assert.Equal("no such folder", error.Message);
    }
}
