using System.Diagnostics;
using System.Text.Json;
using Daso.Analysis;
using Daso.CommandLine;
using Daso.Training;

namespace Daso.Tests.CommandLine;

/// <summary>Runs of the real command line, small.</summary>
public class SuiteCommandTests
{
    [Fact]
    public void A_batch_job_has_a_line_a_minute_with_the_rate_the_loss_and_the_time_that_is_left()
    {
        using var output = new StringWriter();
        var clock = new Clock();
        var lines = new SuiteProgress.Lines(SpeedupTable.ConsoleFor(output), "[1/2] a, ddp, seed 1", clock);
        for (int step = 1; step <= 181; step++, clock.Seconds++)
        {
            lines.StepDone(step, 1001);
            if (step == 100)
                lines.EpochDone(new EpochResult(0, 2.5, [], 0.1));
        }

        Assert.Equal(
            "[1/2] a, ddp, seed 1: 6 %, 00:15:40 left, 1 steps/s\n"
            + "[1/2] a, ddp, seed 1: epoch 1, loss 2.500\n"
            + "[1/2] a, ddp, seed 1: 12 %, 00:14:40 left, 1 steps/s, loss 2.500 in epoch 1\n"
            + "[1/2] a, ddp, seed 1: 18 %, 00:13:40 left, 1 steps/s, loss 2.500 in epoch 1\n",
            output.ToString());
    }

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }

    [Fact]
    public void Quickstart_trains_with_every_strategy_and_records_it()
    {
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run(
            "suite", "quickstart", "--steps", "4", "--seeds", "3", "--warmup-steps", "1", "--link", "1gbit,50us", "--format", "json");

        Assert.True(exitCode == 0, errors);
        using JsonDocument summary = JsonDocument.Parse(output);
        JsonElement[] experiments = [.. summary.RootElement.GetProperty("experiments").EnumerateArray()];
        Assert.Equal(["digits-resnet18", "novel-transformer"], experiments.Select(experiment => experiment.GetProperty("plan").GetProperty("name").GetString()));
        Assert.All(experiments, experiment => Assert.Equal(
            ["ddp", "ddp-bf16", "horovod", "daso", "daso-bf16", "none"],
            experiment.GetProperty("strategies").EnumerateArray().Select(strategy => strategy.GetProperty("strategy").GetString())));

        string run = program.RunFolder();
        Assert.True(File.Exists(Path.Combine(run, "manifest.json")));
        Assert.True(File.Exists(Path.Combine(run, "summary.json")));
        // 2 experiments × 6 strategies × 4 ranks.
        Assert.Equal(48, Directory.GetFiles(Path.Combine(run, "timings"), "*.parquet").Length);
        Assert.Equal(48, Directory.GetFiles(Path.Combine(run, "metrics"), "*.parquet").Length);
        Assert.Equal(48, Directory.GetFiles(Path.Combine(run, "events"), "*.jsonl").Length);
    }

    [Fact]
    public void The_same_seed_gives_the_same_bits()
    {
        string[] first = Hashes(), second = Hashes();
        Assert.Equal(6, first.Length);
        Assert.Equal(first, second);

        static string[] Hashes()
        {
            using var program = new Program();
            (int exitCode, _, string errors) = program.Run(
                "suite", "quickstart", "--experiments", "digits-resnet18", "--steps", "5", "--seeds", "7", "--warmup-steps", "0");
            Assert.True(exitCode == 0, errors);
            return [.. File.ReadLines(Path.Combine(program.RunFolder(), "events.jsonl"))
                .Select(line => JsonDocument.Parse(line).RootElement)
                .Where(one => one.GetProperty("event").GetString() == "cell_ended")
                .Select(one => one.GetProperty("parameters_sha256").GetString()!)];
        }
    }

    [Theory]
    [InlineData(2, "did you mean quickstart?", "suite", "quikstart")]
    [InlineData(2, "suite: name one of", "suite")]
    [InlineData(2, "--strategies adso: unknown, did you mean daso?", "suite", "quickstart", "--strategies", "adso")]
    [InlineData(2, "--nodes 0", "suite", "quickstart", "--nodes", "0")]
    [InlineData(2, "--link fast", "suite", "quickstart", "--link", "fast")]
    [InlineData(2, "many is not a value of --batch-per-rank; write a whole number", "suite", "quickstart", "--batch-per-rank", "many")]
    [InlineData(2, "--epochs 0", "suite", "quickstart", "--epochs", "0")]
    [InlineData(2, "less than a batch", "suite", "quickstart", "--nodes", "30")]
    [InlineData(2, "--data nowhere", "suite", "imagenet-resnet50", "--data", "nowhere")]
    [InlineData(2, "--seeds", "suite", "quickstart", "--seeds", "x")]
    [InlineData(5, "--out /proc", "suite", "quickstart", "--steps", "1", "--out", "/proc/nothing")]
    [InlineData(2, "--inter-node gpu-aware-mpi: ranks compute on the cpu", "suite", "quickstart", "--inter-node", "gpu-aware-mpi")]
    [InlineData(2, "--intra-node nccl: ranks compute on the cpu", "suite", "quickstart", "--intra-node", "nccl")]
    [InlineData(2, "--nccl-library libnccl.so.2: ranks compute on the cpu", "suite", "quickstart", "--nccl-library", "libnccl.so.2")]
    [InlineData(5, "--device cuda", "suite", "quickstart", "--device", "cuda")]
    public void A_users_mistake_is_one_line_and_leaves_nothing_behind(int expected, string message, params string[] arguments)
    {
        Assert.SkipWhen(message == "--device cuda" && TorchSharp.torch.cuda.is_available(), "this machine has a GPU");
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run(arguments);

        Assert.Equal(expected, exitCode);
        Assert.Empty(output);
        string line = Assert.Single(errors.TrimEnd().Split('\n'));
        Assert.StartsWith("error: ", line);
        Assert.Contains(message, line);
        Assert.Empty(Directory.GetFileSystemEntries(program.Folder));
    }

    [Fact]
    public void A_dry_run_prints_the_plan_and_writes_nothing()
    {
        using var program = new Program();
        (int exitCode, string output, _) = program.Run("suite", "imagenet-resnet50", "--dry-run", "--seeds", "1", "2");

        Assert.Equal(0, exitCode);
        Assert.Contains("1. ddp, seed 1", output);
        // The second seed runs the strategies backwards.
        Assert.Contains("5. none, seed 2", output);
        Assert.Contains("--batch 256", output);
        Assert.Empty(Directory.GetFileSystemEntries(program.Folder));
    }

    [Fact]
    public void A_dry_run_looks_at_the_data()
    {
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run("suite", "imagenet-resnet50", "--data", "nowhere", "--dry-run");
        Assert.Equal(0, exitCode);
        Assert.Contains("1. ddp, seed 1", output);
        Assert.StartsWith("warning: --data nowhere: no such folder", Assert.Single(errors.TrimEnd().Split('\n')));
    }

    [Fact]
    public void A_closed_standard_output_is_told_before_anything_is_trained()
    {
        using var program = new Program();
        (int exitCode, _, string errors) = program.RunInShell("suite quickstart >&-");
        Assert.Equal((int)ExitCode.Environment, exitCode);
        Assert.StartsWith("error: standard output is closed", Assert.Single(errors.TrimEnd().Split('\n')));
        Assert.Empty(Directory.GetFileSystemEntries(program.Folder));
    }

    [Theory]
    [InlineData("list 2>&-", 0)]
    [InlineData("suite quikstart 2>&-", 2)]
    [InlineData("suite quikstart 2>/dev/full", 2)]
    [InlineData("list >&- 2>&-", 5)]
    public void A_closed_standard_error_changes_no_exit_code(string command, int expected)
    {
        using var program = new Program();
        Assert.Equal(expected, program.RunInShell(command).ExitCode);
    }

    [Theory]
    [InlineData(80, "[1/2] digits-resnet18, ddp, seed 1: epoch 3, loss 0.498")]
    [InlineData(150, "[1/2] digits-resnet18, ddp, seed 1: epoch 3, loss 0.498, held-out loss 0.270, accuracy 91.4%")]
    [InlineData(50, "[1/2] digits-resnet18, d…")]
    public void A_bar_leaves_its_line_for_its_text(int width, string text)
    {
        Assert.Equal(text, SuiteProgress.Fit(
            "[1/2] digits-resnet18, ddp, seed 1", ["epoch 3", "loss 0.498", "held-out loss 0.270", "accuracy 91.4%"], width));
        Assert.InRange(text.Length, 1, width - 10 - 15);
    }

    [Fact]
    public void Cancelling_keeps_what_was_recorded()
    {
        using var program = new Program();
        using Process process = program.Start("suite", "quickstart", "--seeds", "1", "--warmup-steps", "0");
        string run = WaitForFirstSteps(program);
        using (Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]))
        {
        }

        (int exitCode, _, string errors) = Program.Finish(process);
        Assert.Equal(130, exitCode);
        Assert.Contains("kept in", errors);
        Assert.Contains("\"cancelled\"", File.ReadAllText(Path.Combine(run, "events.jsonl")));
        Assert.Contains("\"Cancelled\"", File.ReadAllText(Path.Combine(run, "manifest.json")));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(run, "timings"), "*.parquet"));
    }

    [Fact]
    public void A_killed_run_leaves_records_that_can_be_read()
    {
        using var program = new Program();
        using Process process = program.Start("suite", "quickstart", "--seeds", "1", "--warmup-steps", "0");
        string run = WaitForFirstSteps(program);
        process.Kill();
        process.WaitForExit();

        JsonDocument.Parse(File.ReadAllText(Path.Combine(run, "manifest.json"))).Dispose();
        string[] lines = File.ReadAllLines(Directory.GetFiles(Path.Combine(run, "events"), "*rank0.jsonl")[0]);
        Assert.True(lines.Length >= 2);
        Assert.All(lines, line => JsonDocument.Parse(line).Dispose());
    }

    private static string WaitForFirstSteps(Program program)
    {
        string runs = Path.Combine(program.Folder, "artifacts", "runs");
        long start = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(start) < TimeSpan.FromMinutes(1))
        {
            if (Directory.Exists(runs) && Directory.GetFiles(runs, "*rank0.jsonl", SearchOption.AllDirectories) is [string log, ..]
                && File.ReadLines(log).Take(3).Count() == 3)
            {
                return program.RunFolder();
            }

            Thread.Sleep(20);
        }

        throw new TimeoutException("no steps were recorded within a minute");
    }
}
