using System.Text.Json;
using Daso.Cluster;
using Daso.Tests.Recording;
using Daso.Tracing;

namespace Daso.Tests.Tracing;

/// <summary>The recorded runs of the reference implementation, in golden/, run again.</summary>
public class ReferenceTraceTests
{
    [Theory]
    [InlineData("natural_f32_2x2", 1e-5)]
    [InlineData("scripted_f32_2x2", 1e-5)]
    [InlineData("scripted_nb18_f32_2x3", 1e-5)]
    [InlineData("natural_bf16_2x2", 1e-2)]
    public void Heat_agrees_with_the_reference_step_by_step(string name, double tolerance)
    {
        string path = Golden(name);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(path));
        JsonElement topology = golden.RootElement.GetProperty("topology");
        JsonElement actual = TraceOf(
            path, topology.GetProperty("nodes").GetInt32(), topology.GetProperty("gpus_per_node").GetInt32());

        var comparison = new TraceComparison();
        comparison.Compare(golden.RootElement, actual);
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(
            $"{name}: steps, events, epochs and pending equal; largest |a − b| / max(1, |b|) {comparison.LargestDifference:G3}, tolerance {tolerance}"));
        Assert.True(comparison.LargestDifference <= tolerance);
    }

    /// <summary>The reference fails with one rank a node; here DASO then does without local averaging.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(1, 3)]
    public void One_rank_a_node_and_one_node_work(int nodes, int ranksPerNode)
    {
        JsonElement trace = TraceOf(Golden("natural_f32_2x2"), nodes, ranksPerNode);
        Assert.Equal(nodes * ranksPerNode, trace.GetProperty("ranks").GetArrayLength());
        foreach (JsonProperty vectors in trace.GetProperty("vectors").EnumerateObject())
        {
            // All agree after the last batch, which is blocking; in the cycling phase (epochs 2 to 9) not after the first.
            bool isFirstOfCycle = vectors.Name.EndsWith(".0", StringComparison.Ordinal) && vectors.Name is not ("0.0" or "1.0" or "10.0" or "11.0");
            Assert.Equal(isFirstOfCycle ? nodes * ranksPerNode : 1, vectors.Value.GetArrayLength());
        }

        double[] losses = [.. trace.GetProperty("ranks")[0].EnumerateArray().Select(row => row[0].GetDouble())];
        Assert.True(losses[^1] < 0.8 * losses[0], $"{losses[0]} → {losses[^1]}");
    }

    private static string Golden(string name) => Path.Combine(AppContext.BaseDirectory, "Tracing", "golden", $"{name}.json");

    private static JsonElement TraceOf(string scenario, int nodes, int ranksPerNode)
    {
        using var folder = new TemporaryFolder();
        string output = Path.Combine(folder.Path, "trace.json");
        Trace trace = TraceRun.Run(Scenario.Read(scenario), new Topology(nodes, ranksPerNode), TestContext.Current.CancellationToken);
        TraceWriter.Write(trace, output);
        using JsonDocument json = JsonDocument.Parse(File.ReadAllText(output));
        return json.RootElement.Clone();
    }
}
