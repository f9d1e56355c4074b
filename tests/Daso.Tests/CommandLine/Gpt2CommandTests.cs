using System.IO.Compression;
using System.Runtime.InteropServices;

namespace Daso.Tests.CommandLine;

/// <summary>The suite gpt2 on the novel's bytes as shards of tokens, on 2 nodes of 2 ranks.</summary>
public class Gpt2CommandTests
{
    [Fact]
    public void The_tiny_tier_trains_on_the_novel()
    {
        using var program = new Program();
        string folder = Directory.CreateDirectory(Path.Combine(program.Folder, "tokens")).FullName;
        using var novel = new GZipStream(
            File.OpenRead(Path.Combine(AppContext.BaseDirectory, "data", "moby-dick", "moby-dick.txt.gz")), CompressionMode.Decompress);
        var text = new byte[24_000];
        novel.ReadExactly(text);
        ushort[] tokens = [.. text.Select(letter => (ushort)letter)];
        File.WriteAllBytes(Path.Combine(folder, "train.bin"), MemoryMarshal.AsBytes<ushort>(tokens.AsSpan(..^400)));
        File.WriteAllBytes(Path.Combine(folder, "val.bin"), MemoryMarshal.AsBytes<ushort>(tokens.AsSpan(^400..)));

        (int exitCode, string output, string errors) = program.Run(
            "suite", "gpt2", "--data", "tokens", "--tier", "tiny", "--nodes", "2", "--ranks-per-node", "2", "--warmup-steps", "0",
            "--strategies", "ddp", "daso");

        Assert.True(exitCode == 0, errors);
        Assert.Contains("daso", output);
    }
}
