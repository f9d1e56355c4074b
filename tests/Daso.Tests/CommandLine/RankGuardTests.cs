using Daso.Cluster;
using Daso.CommandLine;

namespace Daso.Tests.CommandLine;

public class RankGuardTests
{
    private static readonly Launcher s_launcher = new("PMI", 3, 4);

    [Theory]
    [InlineData(137, "killed by signal 9 (SIGKILL, by hand or for want of memory)")]
    [InlineData(139, "killed by signal 11 (SIGSEGV)")]
    public void A_signal_that_ended_a_rank_is_told(int exitCode, string message) => Assert.Equal(
        $"error: rank 3 on {Environment.MachineName}: {message}", RankGuard.Explain(s_launcher, exitCode));

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(130)] // cancelled: the program's own
    [InlineData(143)] // the launcher ends the job
    public void An_exit_code_of_the_ranks_own_is_not(int exitCode) => Assert.Null(RankGuard.Explain(s_launcher, exitCode));
}
