using Daso.CommandLine;

namespace Daso.Tests.CommandLine;

public class ClusterOptionTests
{
    [Theory]
    [InlineData("suite quickstart --cluster embedded", true)]
    [InlineData("suite quickstart --cluster=embedded --steps 2", true)]
    [InlineData("suite quickstart --cluster:embedded", true)]
    [InlineData("suite quickstart --cluster mpi", false)]
    [InlineData("suite quickstart --cluster", false)]
    [InlineData("suite embedded", false)]
    public void Is_seen_before_the_command_line_is_parsed(string line, bool isEmbedded) =>
        Assert.Equal(isEmbedded, ClusterOption.IsEmbedded(line.Split(' ')));

    [Theory]
    [InlineData("suite --cluster mpi --steps 2", "suite --steps 2")]
    [InlineData("suite --steps 2 --cluster=auto", "suite --steps 2")]
    [InlineData("suite --steps 2", "suite --steps 2")]
    public void Can_be_taken_out(string line, string rest) => Assert.Equal(rest.Split(' '), ClusterOption.Without(line.Split(' ')));

    [Fact]
    public void A_shell_with_a_ranks_variables_is_no_rank_where_the_user_says_so()
    {
        using var program = new Program();
        string[] command = ["preflight", "--seconds", "1", "--max-mib", "1"];
        using var process = program.Start([.. command, "--cluster", "embedded"], ("SLURM_PROCID", "0"), ("SLURM_STEP_NUM_TASKS", "4"));
        (int exitCode, string output, string errors) = Program.Finish(process);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("all-reduce", output);

        (exitCode, _, errors) = program.Run([.. command, "--cluster", "mpi"]);
        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Contains("no launcher's variables", errors);
    }

    [Theory]
    [InlineData("--out=~/runs", "--out=HOME/runs")]
    [InlineData("~", "HOME")]
    [InlineData("--out=~", "--out=HOME")]
    [InlineData("--out=a~/b", "--out=a~/b")]
    [InlineData("~x/y", "~x/y")]
    [InlineData("--tag=x=~/y", "--tag=x=~/y")]
    public void The_home_folder_stands_for_its_sign(string argument, string expanded) => Assert.Equal(
        [expanded.Replace("HOME", Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), StringComparison.Ordinal)],
        HomeFolder.Expand([argument]));
}
