using System.Text.Json;
using System.Text.Json.Nodes;
using Daso.Baselines;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;
using Daso.Tests.Recording;

namespace Daso.Tests.CommandLine;

/// <summary><c>trace</c> with a scenario that names a strategy.</summary>
public sealed class StrategyTraceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A regression case of torchft: two fragments of one number, of which each step subtracts 2, and outer SGD with rate 2.</summary>
    [Fact]
    public async Task A_papers_numbers_can_be_replayed_from_a_file()
    {
        var spec = new DiLoCoSpec
        {
            Period = 6,
            Fragments = 2,
            Delay = 1,
            Outer = new SgdSpec(0, 0),
            OuterLearningRate = 2,
        };
        JsonElement ranks = await Trace(Scenario(spec, """{"constant":2}""", steps: 9));

        Assert.Equal(2, ranks.GetArrayLength());
        foreach (JsonElement steps in ranks.EnumerateArray())
        {
            Assert.Equal(9, steps.GetArrayLength());
            Assert.Equal([-7, -5], Numbers(steps[2], "parameters", "a", "b"));
            Assert.Equal([-27, -25], Numbers(steps[8], "parameters", "a", "b"));
            Assert.Equal([-27, -19], Numbers(steps[8], "strategy", "fragment 0 agreed", "fragment 1 agreed"));
        }
    }

    [Theory]
    [InlineData("""{"constant":[1,3]}""", new[] { -2.0, -2 }, new[] { -4.0, -4 })]
    [InlineData("""{"list":[[1,[0,2]],[3]]}""", new[] { -2.0, -2 }, new[] { -3.5, -4.5 })]
    [InlineData("""{"linear":{"slope":0.5,"target":[1,3]}}""", new[] { 1.0, 1 }, new[] { 1.5, 1.5 })]
    public async Task Gradients_are_scripted_by_rank_and_step(string gradients, double[] first, double[] second)
    {
        JsonElement ranks = await Trace(Scenario(new DdpSpec(), gradients, steps: 2, start: 0));
        Assert.Equal(first, Numbers(ranks[0][0], "parameters", "a", "b"));
        Assert.Equal(second, Numbers(ranks[1][1], "parameters", "a", "b"));
    }

    [Fact]
    public async Task Seeded_gradients_differ_by_rank_step_and_element_and_are_the_same_again()
    {
        string scenario = Scenario(new NoCommunicationSpec(), """{"seeded":{"seed":3,"scale":0.5}}""", steps: 2, start: 0);
        JsonElement ranks = await Trace(scenario);
        double[] all = [.. ranks.EnumerateArray().SelectMany(rank => rank.EnumerateArray()).SelectMany(step => Numbers(step, "parameters", "a", "b"))];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.All(all, value => Assert.InRange(value, -1, 1));
        Assert.Equal(ranks.GetRawText(), (await Trace(scenario)).GetRawText());
    }

    [Fact]
    public async Task Daso_follows_the_losses_that_the_scenario_says()
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 0 }, BlockingWire = Daso.Communication.WireFormat.Float32 };
        JsonElement ranks = await Trace(Scenario(spec, """{"constant":[1,3]}""", steps: 8, start: 0, extra: ""","stepsPerEpoch":4,"losses":[1,2]"""));
        // Blocking in the first epoch: nodes agree. B = 4, W = 1 in the second: they differ after its first step, and agree at its end.
        Assert.Equal(Numbers(ranks[0][3], "parameters", "a", "b"), Numbers(ranks[1][3], "parameters", "a", "b"));
        Assert.NotEqual(Numbers(ranks[0][4], "parameters", "a", "b"), Numbers(ranks[1][4], "parameters", "a", "b"));
        Assert.Equal(Numbers(ranks[0][7], "parameters", "a", "b"), Numbers(ranks[1][7], "parameters", "a", "b"));
    }

    [Theory]
    [InlineData("\"steps\":2", "\"steps\":0", "the scenario's steps is 0; it must be a whole number, at least 1")]
    [InlineData("\"kind\":\"none\"", "\"kind\":\"all\"", "the scenario's strategy is {\"kind\":\"all\"}; it must be settings with a \"kind\"")]
    [InlineData("\"start\":0", "\"start\":[0,0]", "tensors whose \"start\" is a number, or one for each element")]
    [InlineData("\"name\":\"b\"", "\"name\":\"a\"", "each with a name of its own")]
    [InlineData("{\"constant\":1}", "{\"constant\":[1]}", "gradients must be one of constant")]
    [InlineData("{\"constant\":1}", "{\"list\":[[1],[]]}", "gradients must be one of constant")]
    [InlineData("{\"constant\":1}", "2", "gradients must be one of constant")]
    public async Task A_wrong_value_is_one_clear_line(string right, string wrong, string message)
    {
        string scenario = Scenario(new NoCommunicationSpec(), """{"constant":1}""", steps: 2, start: 0);
        Assert.Contains(right, scenario);
        AppRun run = await Run(scenario.Replace(right, wrong, StringComparison.Ordinal));
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
    }

    private static string Scenario(StrategySpec strategy, string gradients, int steps, float start = 1, string extra = "") =>
        $$"""
        {"nodes":2,"ranksPerNode":1,"steps":{{steps}},"parameters":[{"name":"a","start":{{start}},"shape":[1]},{"name":"b","start":{{start}}}],
        "gradients":{{gradients}},"strategy":{{SpecificationWriter.ToJson(strategy).ToJsonString()}}{{extra}}}
        """;

    private static double[] Numbers(JsonElement state, string kind, params string[] names) =>
        [.. names.SelectMany(name => state.GetProperty(kind).GetProperty(name).EnumerateArray().Select(value => value.GetDouble()))];

    private async Task<JsonElement> Trace(string scenario)
    {
        AppRun run = await Run(scenario);
        Assert.Equal((0, "", ""), (run.ExitCode, run.Output, run.Error));
        JsonNode trace = JsonNode.Parse(File.ReadAllText(Path.Combine(_folder.Path, "trace.json")))!;
        return JsonSerializer.SerializeToElement(trace["ranks"]);
    }

    private Task<AppRun> Run(string scenario)
    {
        string path = Path.Combine(_folder.Path, "scenario.json");
        File.WriteAllText(path, scenario);
        return AppRun.Of("trace", "--scenario", path, "--out", Path.Combine(_folder.Path, "trace.json"));
    }
}
