namespace Daso.Tests.CommandLine;

/// <summary>Mistakes on the command line: one line with the mend.</summary>
public class ParseMistakeTests
{
    [Theory]
    [InlineData("error: --tensorbord: no such option of report, did you mean --tensorboard?", "report", "R", "--tensorbord")]
    [InlineData("error: --validte: no such option of predict, did you mean --validate?", "predict", "--calibrate", "R", "--validte", "S")]
    [InlineData("error: -x: no such option of report; there are --out, --tensorboard, --mlperf-log, --scaling-base", "report", "-x")]
    [InlineData("error: --nodes four: expected a whole number", "predict", "--nodes", "four")]
    [InlineData("error: --compute long: expected a number", "predict", "--compute", "long")]
    public async Task Options_that_are_none_and_values_that_are_no_numbers(string expected, params string[] args)
    {
        AppRun run = await AppRun.Of(args);
        Assert.Equal((2, "", expected), (run.ExitCode, run.Output, run.Error.TrimEnd()));
    }

    [Fact]
    public void Seeds_are_separated_by_spaces()
    {
        using var program = new Program();
        (int exitCode, _, string errors) = program.Run("suite", "quickstart", "--seeds", "1,2,3");
        Assert.Equal(
            (2, "error: --seeds 1,2,3: expected whole numbers with spaces between them, as in --seeds 1 2 3"), (exitCode, errors.TrimEnd()));
    }
}
