using System.Diagnostics;
using Daso.Communication;
using Daso.Tests.Cluster;
using Daso.Tests.CommandLine;
using Daso.Timing;

namespace Daso.Tests.Timing;

public class ProcessClockTests
{
    private const long Second = 1_000_000_000;

    [Theory]
    [InlineData(8 * Second, 0L, (8 * Second) - StopRule.LateNs)] // nobody woke it: stopped
    [InlineData(8 * Second, 8 * Second, 0L)] // woken, but all processors were taken: a busy machine
    [InlineData(8 * Second, 3 * Second, (5 * Second) - StopRule.LateNs)] // both
    [InlineData(StopRule.LateNs, 0L, 0L)] // a wake in time
    [InlineData(8 * Second, null, 0L)] // the system does not say
    public void A_stopped_process_is_told_from_a_busy_machine(long gapNs, long? delayNs, long stoppedNs) =>
        Assert.Equal(stoppedNs, StopRule.StoppedNs(gapNs, delayNs));

    [Fact]
    public void The_delays_of_a_thread_are_never_negative()
    {
        var delays = new SchedulingDelays();
        Assert.SkipWhen(delays.SinceLastNs() is null, "no /proc/thread-self/schedstat on this machine");
        for (int i = 0; i < 100; i++)
        {
            Thread.Yield();
            Assert.True(delays.SinceLastNs() >= 0);
        }
    }

    [Fact]
    public void The_clock_never_goes_back()
    {
        long last = ProcessClock.NowNs;
        for (int i = 0; i < 100_000; i++)
        {
            long now = ProcessClock.NowNs;
            Assert.True(now >= last);
            last = now;
        }
    }

    /// <summary>A process of its own, because it is stopped.</summary>
    [Fact]
    public void A_stopped_process_neither_counts_the_time_nor_gives_up_waiting()
    {
        using var program = new Program("Daso.Tests.dll");
        using Process child = program.Start(
            "--explicit", "only", "--filter-method", $"{typeof(ProcessClockTests).FullName}.{nameof(Stops_itself_while_a_rank_waits)}");
        (int exitCode, string output, string errors) = Program.Finish(child);
        Assert.True(exitCode == 0, output + errors);
        Assert.Contains("succeeded: 1", output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public void Stops_itself_while_a_rank_waits()
    {
        Assert.SkipWhen(new SchedulingDelays().SinceLastNs() is null, "no /proc/thread-self/schedstat on this machine");
        long startNs = ProcessClock.NowNs, stoppedBeforeNs = ProcessClock.StoppedNs, realStart = Stopwatch.GetTimestamp();
        // One rank of two waits; the stop is longer than it would wait.
        TestCluster.Run(
            1,
            2,
            ranks =>
            {
                if (ranks.Rank == 0)
                    StopThisProcess(seconds: 3);
                ranks.World.Barrier();
            },
            limitSeconds: 2);
        long stoppedNs = ProcessClock.StoppedNs - stoppedBeforeNs, elapsedNs = ProcessClock.NowNs - startNs;
        Assert.InRange(stoppedNs, 1, long.MaxValue);
        Assert.InRange(elapsedNs + stoppedNs, 0, Stopwatch.GetElapsedTime(realStart).Ticks * 100);
    }

    private static void StopThisProcess(int seconds)
    {
        int me = Environment.ProcessId;
        using Process shell = Process.Start("sh", ["-c", $"kill -STOP {me}; sleep {seconds}; kill -CONT {me}"]);
        shell.WaitForExit();
    }
}
