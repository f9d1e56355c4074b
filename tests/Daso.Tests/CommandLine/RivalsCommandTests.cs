using Daso.Analysis;

namespace Daso.Tests.CommandLine;

/// <summary>The suite of all strategies, through the command line.</summary>
public class RivalsCommandTests
{
    [Fact]
    public void All_rivals_train_and_say_what_they_bring_into_agreement()
    {
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run(
            "suite", "rivals", "--experiments", "novel-rivals", "--tier", "tiny", "--steps", "2", "--seeds", "1", "--warmup-steps", "0",
            "--link", "unlimited", "--ranking");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("To the target", output, StringComparison.Ordinal);

        ExperimentSummary experiment = Assert.Single(RunSummary.Read(program.RunFolder()).Experiments);
        Assert.NotNull(experiment.Plan.Policies);
        Assert.Equal(experiment.Plan.Strategies.Order(), experiment.Plan.Policies.Keys.Order());
        Assert.Equal(experiment.Plan.Strategies.Count, experiment.Strategies.Count(strategy => strategy.Cells.Count == 1));
        Assert.Equal("12·n", experiment.Plan.Policies["slowmo"].Memory);
        // Two messages, the master copy and what rounding has dropped.
        Assert.Equal("16·n", experiment.Plan.Policies["daso-bf16"].Memory);
        Assert.Equal("8·n", experiment.Plan.Policies["daso"].Memory);
    }

    [Fact]
    public void Every_link_has_a_run_of_its_own()
    {
        using var program = new Program();
        string[] suite = ["suite", "rivals", "--experiments", "novel-rivals", "--steps", "1", "--seeds", "1", "--warmup-steps", "0", "--strategies", "none"];
        (int exitCode, string output, string errors) = program.Run([.. suite, "--link", "unlimited", "10gbit,1us"]);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("link unlimited", output, StringComparison.Ordinal);
        Assert.Contains("link 10 Gbit/s, 1 µs", output, StringComparison.Ordinal);
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(program.Folder, "artifacts", "runs")).Length);

        (exitCode, _, errors) = program.Run([.. suite, "--link", "unlimited", "10gbit,1us", "--format", "json"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("--format json: each of 2 links has a document of its own", errors, StringComparison.Ordinal);
        (exitCode, _, errors) = program.Run([.. suite, "--link", "1gbit,1us", "1gbit,1us"]);
        Assert.Equal(2, exitCode);
        Assert.Contains("a link is given twice", errors, StringComparison.Ordinal);
    }
}
