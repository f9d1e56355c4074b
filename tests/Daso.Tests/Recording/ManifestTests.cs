using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Tests.Recording;

public class ManifestTests
{
    [Fact]
    public void What_is_written_is_read_and_gets_its_outcome_at_the_end()
    {
        using var run = new SyntheticRun(new RecordedCluster(2, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));

        Manifest running = Manifest.Read(run.Folder);
        Assert.Null(running.Outcome);
        Assert.Null(running.FinishedUtc);

        run.Manifest.WriteOutcome(run.Folder, RunOutcome.Cancelled);
        Manifest ended = Manifest.Read(run.Folder);
        Assert.Equal(RunOutcome.Cancelled, ended.Outcome);
        Assert.True(ended.FinishedUtc >= ended.StartedUtc);
        Assert.Equal(run.Manifest.Cluster, ended.Cluster);
        Assert.Equal(run.Manifest.Source, ended.Source);
        Assert.Equal(run.Manifest.SpecificationHash, ended.SpecificationHash);
        Assert.Equal(run.Manifest.Experiments[0].Cells(), ended.Experiments[0].Cells());
        Assert.Equal(run.Manifest.Experiments[0].Target, ended.Experiments[0].Target);
        Assert.Equal(run.Manifest.Experiments[0].Link, ended.Experiments[0].Link);
        Assert.Equal(["manifest.json"], Directory.GetFiles(run.Folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void The_machine_is_described()
    {
        using var run = new SyntheticRun(new RecordedCluster(2, 2, "cpu"), SyntheticRun.Plan("daso", "ddp"));
        JsonNode json = JsonNode.Parse(File.ReadAllText(run.Folder.Manifest))!;

        Assert.Equal(Environment.ProcessorCount, (int)json["hardware"]!["cores"]!);
        Assert.True((long)json["hardware"]!["memoryBytes"]! > 1 << 20);
        Assert.NotEmpty((string)json["hardware"]!["processor"]!);
        Assert.StartsWith(".NET ", (string)json["software"]!["runtime"]!, StringComparison.Ordinal);
        Assert.Contains("concurrent", (string)json["software"]!["garbageCollector"]!, StringComparison.Ordinal);
        JsonNode packages = json["software"]!["packages"]!;
        Assert.All(["Daso", "TorchSharp", "libtorch"], package => Assert.Matches("^[0-9]+\\.", (string?)packages[package]));
        Assert.Equal(64, ((string)json["specificationHash"]!).Length);
    }

    /// <summary>The hash is that of <c>printf '{"suite":"größe","rate":0.1,"sizes":[1,2]}' | sha256sum</c>.</summary>
    [Fact]
    public void The_hash_is_that_of_the_compact_text()
    {
        const string Expected = "c8340f4bd2222af8ae6bf624c1238f518ddfb579ffb06acc7cc1f9142275e952";
        var specification = new JsonObject { ["suite"] = "größe", ["rate"] = 0.1, ["sizes"] = new JsonArray(1, 2) };

        Assert.Equal(Expected, Manifest.Hash(specification));
        Assert.Equal(Expected, Manifest.Hash(JsonNode.Parse("""{ "suite": "gr\u00F6ße", "rate": 0.1, "sizes": [ 1, 2 ] }""")!.AsObject()));
        Assert.NotEqual(Expected, Manifest.Hash(new JsonObject { ["rate"] = 0.1, ["suite"] = "größe", ["sizes"] = new JsonArray(1, 2) }));
    }

    [Fact]
    public void A_damaged_manifest_is_named()
    {
        using var run = new SyntheticRun(new RecordedCluster(2, 2, "cpu"));
        File.WriteAllText(run.Folder.Manifest, "{ \"runId\": ");

        UserErrorException error = Assert.Throws<UserErrorException>(() => Manifest.Read(run.Folder));
        Assert.StartsWith(run.Folder.Manifest, error.Message, StringComparison.Ordinal);
    }
}
