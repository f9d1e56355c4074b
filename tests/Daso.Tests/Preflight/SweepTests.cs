using Daso.Analysis;
using Daso.Cluster;
using Daso.CommandLine;
using Daso.Communication;
using Daso.Preflight;
using Daso.Tests.Cluster;
using Daso.Tests.CommandLine;
using Daso.Tests.Recording;

namespace Daso.Tests.Preflight;

public class SweepTests
{
    private static readonly TimeSpan s_budget = TimeSpan.FromSeconds(2);

    [Fact]
    public void Every_group_and_size_is_measured_and_right()
    {
        (IReadOnlyList<Measurement> Measurements, IReadOnlyList<LeftOut> LeftOut)[] ranks =
            TestCluster.Collect(2, 2, one => Sweep.Run(one, 8192, TimeSpan.FromMinutes(5)));
        Assert.Equal(24, ranks[0].Measurements.Count); // 3 groups × 4 operations × 2 sizes
        Assert.All(ranks[0].Measurements, one => Assert.True(one is { IsCorrect: true, MinNs: > 0 } && one.MinNs <= one.MedianNs));
        Assert.Equal([1, 2, 2], ranks[0].Measurements.DistinctBy(one => one.Group).Select(one => one.ConcurrentGroups));
        Assert.All(ranks, one => Assert.Equal(ranks[0].Measurements, one.Measurements));
        Assert.All(ranks, one => Assert.Empty(one.LeftOut));
    }

    [Fact]
    public void What_would_take_too_long_is_left_out_and_said()
    {
        // At 1 Mbit/s 64 KiB take half a second: too long for a twelfth of two.
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "preflight.json");
        var cluster = new EmbeddedCluster(
            new Topology(2, 2), LinkSpec.Parse("1mbit,0us"), Devices.ForRanks("cpu"), TimeSpan.FromSeconds(30));
        PreflightReport report =
            PreflightReport.Measure(cluster, LinkSpec.Parse("1mbit,0us"), 1 << 19, s_budget, TestContext.Current.CancellationToken)!;
        Assert.Contains(report.LeftOut, one => one is { Group: "global", Collective: Sweep.AllReduceName, Bytes: 1 << 19 });
        Assert.DoesNotContain(report.LeftOut, one => one.Bytes == 1024);

        using var text = new StringWriter();
        PreflightTable.Write(report, SpeedupTable.ConsoleFor(text));
        Assert.Contains("left out for want of time: all-reduce (in-process) of 512 KiB on global", text.ToString());

        report.Write(file);
        PreflightReport read = PreflightReport.Read(file);
        Assert.Equal(report.Measurements, read.Measurements);
        Assert.Equal(report.LeftOut, read.LeftOut);
        Assert.Equal(report.Link, read.Link);
    }

    [Theory]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("no")]
    public void Another_file_is_refused(string content)
    {
        using var folder = new TemporaryFolder();
        string file = Path.Combine(folder.Path, "other.json");
        File.WriteAllText(file, content);
        Assert.Contains($"{file}: not a preflight", Assert.Throws<UserErrorException>(() => PreflightReport.Read(file)).Message);
    }

    [Fact]
    public void Sizes_grow_to_the_largest() => Assert.Equal([1024, 8192, 65536, 1 << 17], Sweep.Sizes(1 << 17));

    [Theory]
    [InlineData(Sweep.AllReduceName, 1500)]
    [InlineData(Sweep.BroadcastName, 1000)]
    [InlineData(Sweep.ReduceScatterName, 750)]
    [InlineData(Sweep.AllGatherName, 750)]
    public void Bus_bandwidth_counts_what_the_busiest_link_carries(string collective, double expected) =>
        Assert.Equal(expected, new Measurement("world", 4, 1, collective, "daso", 1000, 1_000_000_000, 1, 1, true).BusBytesPerSecond);

    [Fact]
    public async Task A_slow_link_is_an_environment_error()
    {
        AppRun run = await AppRun.Of(
            "preflight", "--max-mib", "1", "--seconds", "5", "--link", "100mbit", "--ranks-per-node", "1", "--min-bandwidth", "1");
        Assert.Equal(5, run.ExitCode);
        Assert.Contains("--min-bandwidth 1: the global all-reduce reached", run.Error);
    }
}
