using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Daso.Tests.Images;

namespace Daso.Tests.CommandLine;

/// <summary>The tiny tiers of the paper's workloads and of GPT-2, with DASO and DDP on 2 nodes of 2 ranks.</summary>
public class TinyTierTests
{
    [Theory]
    [InlineData("imagenet-resnet50")]
    [InlineData("cityscapes")]
    [InlineData("gpt2")]
    public void Killed_and_resumed_it_ends_with_the_bits_of_a_run_that_was_not(string suite)
    {
        using Program whole = new(), killed = new();
        string data = Path.Combine(whole.Folder, "data");
        WriteData(suite, data);
        string[] line =
        [
            "suite", suite, "--data", data, "--tier", "tiny", "--nodes", "2", "--ranks-per-node", "2", "--warmup-steps", "0",
            "--strategies", "ddp", "daso", "--checkpoint-every", "2steps",
        ];
        (int exitCode, _, string errors) = whole.Run(line);
        Assert.True(exitCode == 0, errors);

        using (Process process = killed.Start(line))
        {
            // In the second training, after a checkpoint, if the kill is quick enough.
            while (!process.HasExited && !IsSaved(killed, "daso"))
                Thread.Sleep(20);
            process.Kill();
            process.WaitForExit();
        }

        (exitCode, _, errors) = killed.Run([.. line, "--resume", killed.RunFolder()]);
        Assert.True(exitCode == 0, errors);
        (string Strategy, string Hash)[] hashes = Hashes(whole);
        Assert.Equal(["daso", "ddp"], hashes.Select(one => one.Strategy));
        Assert.Equal(hashes, Hashes(killed));
    }

    private static void WriteData(string suite, string folder)
    {
        switch (suite)
        {
            case "imagenet-resnet50":
                ImageFiles.WriteTwoClasses(folder, train: 8);
                break;
            case "cityscapes":
                CityScapesFiles.Write(folder);
                break;
            default:
                Directory.CreateDirectory(folder);
                ushort[] tokens = [.. Enumerable.Range(0, 24_000).Select(i => (ushort)(i * (i + 1) / 2 % 997))];
                File.WriteAllBytes(Path.Combine(folder, "train.bin"), MemoryMarshal.AsBytes<ushort>(tokens.AsSpan(..^400)));
                File.WriteAllBytes(Path.Combine(folder, "val.bin"), MemoryMarshal.AsBytes<ushort>(tokens.AsSpan(^400..)));
                break;
        }
    }

    /// <summary>Whether the strategy's training has a checkpoint.</summary>
    private static bool IsSaved(Program program, string strategy)
    {
        string runs = Path.Combine(program.Folder, "artifacts", "runs");
        return Directory.Exists(runs)
            && Directory.GetDirectories(runs).Select(run => Path.Combine(run, "checkpoints")).Any(folder =>
                Directory.Exists(folder) && Directory.EnumerateFiles(folder, $"*{strategy}*.json").Any());
    }

    private static (string Strategy, string Hash)[] Hashes(Program program) =>
    [
        .. File.ReadLines(Path.Combine(program.RunFolder(), "events.jsonl"))
            .Where(line => line.Contains("\"cell_ended\"", StringComparison.Ordinal))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Select(cell => (cell.GetProperty("strategy").GetString()!, cell.GetProperty("parameters_sha256").GetString()!))
            .Order(),
    ];
}
