using System.Globalization;

namespace Daso.Tests.CommandLine;

/// <summary>
/// The gate over real runs, each 25 to 45 s on a quiet machine of 2 cores: DASO_NIGHTLY_PAIRS=N makes 5 reference runs, then N with a
/// slowdown of a tenth planted in DASO and 2·N equal ones. A rank has a core of its own: where they share cores, scheduling is the noise.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class NightlyPairsTests : IDisposable
{
    private const string Variable = "DASO_NIGHTLY_PAIRS";
    private const int ReferenceRuns = 5;

    private readonly Program _program = new("Daso.GateSuite.dll");

    [Fact]
    public void Every_planted_slowdown_is_found_and_no_equal_run_alarms()
    {
        string? pairs = Environment.GetEnvironmentVariable(Variable);
        Assert.SkipWhen(pairs is null, $"takes a quarter of an hour; set {Variable} to a number of pairs");
        int count = int.Parse(pairs!, CultureInfo.InvariantCulture);
        string[] references = [.. Enumerable.Range(0, ReferenceRuns).Select(i => Train($"reference{i}", slowdown: null))];
        (int exitCode, string output, string errors) = _program.Run(["check", .. references, "--against", "here.json", "--update"]);
        Assert.True(exitCode == 0, errors);
        Say(output);

        var wrong = new List<string>();
        for (int i = 0; i < count; i++)
        {
            Check($"equal{i}a", null, expected: 0, wrong);
            Check($"slow{i}", "daso:0.1", expected: 3, wrong);
            Check($"equal{i}b", null, expected: 0, wrong);
        }

        Assert.True(wrong.Count == 0, $"{wrong.Count} of {3 * count} runs were judged wrongly:\n{string.Join('\n', wrong)}");
    }

    public void Dispose() => _program.Dispose();

    private void Check(string name, string? slowdown, int expected, List<string> wrong)
    {
        (int exitCode, string output, string errors) = _program.Run("check", Train(name, slowdown), "--against", "here.json");
        Say($"{name}: exit code {exitCode}\n{output}{errors}");
        if (exitCode != expected)
            wrong.Add($"{name}: exit code {exitCode} in place of {expected}\n{output}{errors}");
    }

    /// <summary>Returns the run's folder.</summary>
    private string Train(string name, string? slowdown)
    {
        using System.Diagnostics.Process process = _program.Start(
            ["suite", "gate", "--nodes", "2", "--ranks-per-node", "1", "--out", name], ("DASO_PLANTED_SLOWDOWN", slowdown));
        (int exitCode, _, string errors) = Program.Finish(process);
        Assert.True(exitCode == 0, errors);
        return Assert.Single(Directory.GetDirectories(Path.Combine(_program.Folder, name)));
    }

    private static void Say(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
