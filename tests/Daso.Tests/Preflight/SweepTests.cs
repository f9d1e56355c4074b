using Daso.Preflight;
using Daso.Tests.Cluster;
using Daso.Tests.CommandLine;

namespace Daso.Tests.Preflight;

public class SweepTests
{
    [Fact]
    public void Every_group_and_size_is_measured_and_right()
    {
        IReadOnlyList<Measurement>[] ranks = TestCluster.Collect(2, 2, one => Sweep.Run(one, 8192));
        Assert.Equal(12, ranks[0].Count); // 3 groups × 2 operations × 2 sizes
        Assert.All(ranks[0], line => Assert.True(line is { IsCorrect: true, Seconds: > 0 }));
        Assert.All(ranks, lines => Assert.Equal(ranks[0], lines));
    }

    [Fact]
    public void Sizes_grow_to_the_largest() => Assert.Equal([1024, 8192, 65536, 1 << 17], Sweep.Sizes(1 << 17));

    [Fact]
    public void Bus_bandwidth_counts_what_the_busiest_link_carries()
    {
        Assert.Equal(1500, new Measurement("world", 4, Sweep.AllReduceName, 1000, 1, true).BusBandwidth);
        Assert.Equal(1000, new Measurement("world", 4, Sweep.BroadcastName, 1000, 1, true).BusBandwidth);
    }

    [Fact]
    public async Task A_slow_link_is_an_environment_error()
    {
        AppRun run = await AppRun.Of("preflight", "--max-mib", "1", "--link", "100mbit", "--ranks-per-node", "1", "--min-bandwidth", "1");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("--min-bandwidth 1: the global all-reduce reached", run.Error);
    }
}
