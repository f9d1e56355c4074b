using System.Text.Json;
using Daso.Cluster;
using Daso.Tests.Data;
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
        string path = Path.Combine(AppContext.BaseDirectory, "Tracing", "golden", $"{name}.json");
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
