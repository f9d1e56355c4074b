using System.Text.Json;
using System.Text.Json.Nodes;
using Daso.Baselines;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;
using Daso.Tracing;

namespace Daso.Tests.Baselines;

/// <summary>What PyTorch did on four ranks, as <c>golden/record.py</c> recorded it, replayed as a scenario of <c>trace</c>.</summary>
public sealed class RecordedTraceTests
{
    [Theory]
    [InlineData("postLocalSgd")]
    [InlineData("hierarchicalAveraging")]
    public void Averagers_are_those_of_PyTorch_step_by_step(string kind)
    {
        JsonElement golden = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Baselines", "golden", "pytorch.json"))).RootElement;
        int warmup = golden.GetProperty("warmup").GetInt32();
        StrategySpec strategy = kind == "postLocalSgd"
            ? new PostLocalSgdSpec { WarmupSteps = warmup, Period = 3 }
            : new HierarchicalAveragingSpec { WarmupSteps = warmup, NodeGradients = true, Levels = AveragingLevels.Parse("2:2, 4:all", null) };
        JsonElement[] ranks = [.. golden.GetProperty(kind).EnumerateArray()];
        IReadOnlyList<IReadOnlyList<TracedState>> seen = StrategyTrace.Run(
            Scenario(golden, strategy, ranks[0].GetArrayLength()), TestContext.Current.CancellationToken);

        for (int rank = 0; rank < ranks.Length; rank++)
        {
            for (int step = 0; step < ranks[0].GetArrayLength(); step++)
            {
                double[] expected = [.. ranks[rank][step].EnumerateArray().Select(value => value.GetDouble())];
                float[] actual = seen[rank][step].Parameters[0].Values;
                Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-6 * Math.Max(1, Math.Abs(pair.First))));
            }
        }
    }

    private static StrategyScenario Scenario(JsonElement golden, StrategySpec strategy, int steps)
    {
        var json = new JsonObject
        {
            ["steps"] = steps,
            ["parameters"] = new JsonArray(new JsonObject
            {
                ["name"] = "x",
                ["shape"] = new JsonArray(2, 2),
                ["start"] = new JsonArray([.. golden.GetProperty("start").EnumerateArray().SelectMany(row => row.EnumerateArray())
                    .Select(value => JsonValue.Create(value.GetDouble()))]),
            }),
            ["gradients"] = new JsonObject
            {
                ["linear"] = new JsonObject
                {
                    ["slope"] = golden.GetProperty("slope").GetDouble(),
                    ["target"] = JsonNode.Parse(golden.GetProperty("targets").GetRawText()),
                },
            },
            ["optimizer"] = SpecificationWriter.ToJson(new SgdSpec(golden.GetProperty("momentum").GetDouble(), WeightDecay: 0)),
            ["learningRate"] = golden.GetProperty("rate").GetDouble(),
            ["strategy"] = SpecificationWriter.ToJson(strategy),
        };
        return StrategyScenario.Read(
            "scenario", JsonSerializer.SerializeToElement(json), [.. SpecificationKinds.All, .. Daso.Baselines.SpecificationKinds.All]);
    }
}
