using System.Text.Json;
using Daso.Reproduction;

namespace Daso.Tests.CommandLine;

public class ReproduceCommandTests
{
    public static TheoryData<string> SuiteCommands => [.. PaperData.Claims().Claims
        .Select(claim => claim.Check.Command)
        .OfType<string>()
        .Where(command => command.StartsWith("suite ", StringComparison.Ordinal))
        .Distinct()];

    /// <summary>The plan is expanded: every option, strategy and value of the command is checked as in a run.</summary>
    [Theory]
    [MemberData(nameof(SuiteCommands))]
    public void A_claims_command_is_one_of_the_command_line(string command)
    {
        using var program = new Program();
        (int exitCode, string plan, string errors) = program.Run([.. command.Split(' '), "--dry-run"]);

        Assert.True(exitCode == 0, errors);
        foreach (Claim claim in PaperData.Claims().Claims.Where(claim => claim.Check.Command == command))
        {
            Assert.Contains($"{claim.Check.Experiment}: ", plan);
            Assert.Contains($". {claim.Check.Strategy}, seed", plan);
            Assert.Contains($". {claim.Check.Baseline ?? claim.Check.Strategy}, seed", plan);
        }
    }

    /// <summary>Otherwise no run of the command would ever count.</summary>
    [Fact]
    public void A_claim_of_the_quickstart_has_its_setting()
    {
        using var program = new Program();
        (int exitCode, string plan, string errors) = program.Run("suite", "quickstart", "--dry-run", "--format", "json");
        Assert.True(exitCode == 0, errors);
        using JsonDocument json = JsonDocument.Parse(plan);

        Claim[] claims = [.. PaperData.Claims().Claims.Where(claim => claim.Check.Command == "suite quickstart")];
        Assert.NotEmpty(claims);
        Assert.All(claims, claim =>
        {
            JsonElement experiment = json.RootElement.GetProperty(claim.Check.Experiment!), data = experiment.GetProperty("data");
            Assert.Equal(experiment.GetProperty("epochs").GetInt32(), claim.Setting.Epochs);
            Assert.Equal(data.GetProperty("samplesPerEpoch").GetInt32(), claim.Setting.SamplesPerEpoch);
            Assert.Equal(data.GetProperty("batchPerRank").GetInt32(), claim.Setting.BatchPerRank);
        });
    }

    [Fact]
    public async Task The_schedules_command_shows_the_claimed_cycle()
    {
        Claim claim = PaperData.Claims().Claims.Single(claim => claim.Figure == ClaimFigure.SkipCycle);
        string losses = Path.GetTempFileName();
        await File.WriteAllTextAsync(losses, $"[{string.Join(", ", Enumerable.Repeat("1", 19))}]", TestContext.Current.CancellationToken);
        string[] command = [.. claim.Check.Command!.Split(' ').Select(word => word == "losses.json" ? losses : word)];
        AppRun run = await AppRun.Of([.. command, "--format", "json"]);
        File.Delete(losses);

        using JsonDocument json = JsonDocument.Parse(run.Output);
        int[] skips = [.. json.RootElement.EnumerateArray().Select(row => row[0].GetInt32()).Where(skip => skip > 0)];
        Assert.Equal(claim.Sequence, skips.Where((skip, i) => i == 0 || skip != skips[i - 1]));
    }

    [Fact]
    public async Task The_table_has_a_verdict_for_every_claim()
    {
        AppRun run = await AppRun.Of("reproduce", "--run", Path.Combine(AppContext.BaseDirectory, "nowhere"));
        Assert.Equal(2, run.ExitCode);

        run = await AppRun.Of("reproduce", "schedule-cycle", "miou-cityscapes");
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Matches("schedule-cycle .* 4, 2, 1, 4 .* 4, 2, 1, 4 .* reproduced", run.Output);
        Assert.Matches("miou-cityscapes .* can't be tried here", run.Output);
        Assert.DoesNotContain("saving-imagenet", run.Output);
    }

    [Fact]
    public async Task Json_has_the_same_verdicts()
    {
        AppRun run = await AppRun.Of("reproduce", "saving-imagenet", "--format", "json");
        using JsonDocument json = JsonDocument.Parse(run.Output);
        JsonElement claim = Assert.Single(json.RootElement.GetProperty("claims").EnumerateArray());

        Assert.Equal("saving-imagenet", claim.GetProperty("claim").GetProperty("id").GetString());
        Assert.Equal(5, json.RootElement.GetProperty("saving").GetProperty("saving").GetArrayLength());
    }

    [Fact]
    public async Task An_unknown_claim_is_told_with_the_nearest()
    {
        AppRun run = await AppRun.Of("reproduce", "saving-imagnet");

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("saving-imagenet", run.Error);
    }
}
