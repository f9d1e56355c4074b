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
        double largest = comparison.LargestDifference;
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(
            $"{name}: steps, events, epochs and pending equal; largest |a − b| / max(1, |b|) {largest:G3}, tolerance {tolerance}"));
        Assert.True(largest <= tolerance);
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
            // Nodes differ after the first batch of the cycling phase's epochs, 2 to 9; the last batch is blocking.
            bool doNodesDiffer = vectors.Name is "2.0" or "3.0" or "4.0" or "5.0" or "6.0" or "7.0" or "8.0" or "9.0";
            Assert.Equal(doNodesDiffer ? nodes : 1, vectors.Value.GetArrayLength());
        }

        double[] losses = [.. trace.GetProperty("ranks")[0].EnumerateArray().Select(row => row[0].GetDouble())];
        Assert.True(losses[^16..].Average() < losses[..16].Average());
    }

    /// <summary>B = 8, W = 4 divided by 3 twice: B = 0 with W = 2, so that sums in flight travel in 16 bits, as heat-variant.md says.</summary>
    [Fact]
    public void Sums_travel_in_sixteen_bits_where_a_plateau_has_ended_the_skips()
    {
        using var folder = new TemporaryFolder();
        string scenario = Path.Combine(folder.Path, "scenario.json");
        File.WriteAllText(
            scenario,
            """
            {"nb":3,"epochs":15,"warmup":1,"cooldown":0,"max_gs":8,"lsf":2,"srf":3,"stability":0.05,"dtype":"bf16","chunk":100,
            "losses":[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}
            """);
        JsonElement trace = TraceOf(scenario, nodes: 2, ranksPerNode: 2);
        Assert.Equal("[13,0,0,0,2,0,null,1,0,1]", trace.GetProperty("steps")[39].GetRawText());
        string[] EventsOf(int local, int step) =>
            [.. trace.GetProperty("events")[local][step].EnumerateArray().Select(text => text.GetString()!)];
        Assert.Equal(["send g0 wait=2 bfloat16"], EventsOf(0, 39));
        Assert.Equal(["merge g0 local*4+sum over 6", "bcast from local 0"], EventsOf(0, 40));
        Assert.Equal(["send g1 wait=1 bfloat16", "bcast from local 0"], EventsOf(1, 40));
        Assert.Equal(["send g0 wait=0 bfloat16", "bcast from local 1", "mean of 2", "bcast from local 0"], EventsOf(0, 41));
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
