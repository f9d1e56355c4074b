using Daso.Tests.Images;

namespace Daso.Tests.CommandLine;

/// <summary>The suite imagenet-resnet50 on a small folder of ImageNet's layout.</summary>
public class ImageNetCommandTests
{
    private static readonly string[] s_small =
    [
        "suite", "imagenet-resnet50", "--data", "images", "--batch", "2", "--crop", "64", "--resize", "72", "--classes", "2", "--nodes", "1",
        "--epochs", "1", "--warmup-steps", "0", "--strategies", "daso",
    ];

    [Fact]
    public void It_trains_and_evaluates_on_a_folder()
    {
        using var program = new Program();
        ImageFiles.WriteTwoClasses(Path.Combine(program.Folder, "images"));
        (int exitCode, string output, string errors) = program.Run(s_small);

        Assert.True(exitCode == 0, errors);
        Assert.Contains("epoch 1", errors);
        Assert.Contains("daso", output);
    }

    [Fact]
    public void A_damaged_image_fails_its_training_alone_and_the_run_says_how_it_goes_on()
    {
        using var program = new Program();
        ImageFiles.WriteTwoClasses(Path.Combine(program.Folder, "images"));
        string damaged = Path.Combine(program.Folder, "images", "train", "n01443537", "3.JPEG");
        File.WriteAllText(damaged, "no picture");
        (int exitCode, string output, string errors) = program.Run([.. s_small, "--seeds", "1"]);

        Assert.Equal((int)ExitCode.RunFailed, exitCode);
        Assert.Contains("INCOMPLETE: 2 of 2 trainings are missing", output);
        Assert.Contains("3.JPEG", output);
        string folder = Path.GetRelativePath(program.Folder, program.RunFolder());
        Assert.EndsWith(
            $"2 of 2 trainings failed; the same command with --resume {folder} --retry-failed tries them again\n", errors);
        Assert.Contains("\"Failed\"", File.ReadAllText(Path.Combine(program.RunFolder(), "manifest.json")));
    }

    [Fact]
    public void Data_that_is_checked_is_refused_before_a_run_with_every_damaged_image()
    {
        using var program = new Program();
        ImageFiles.WriteTwoClasses(Path.Combine(program.Folder, "images"));
        File.WriteAllText(Path.Combine(program.Folder, "images", "train", "n01443537", "3.JPEG"), "no picture");
        File.WriteAllText(Path.Combine(program.Folder, "images", "val", "n01440764", "0.JPEG"), "");
        (int exitCode, _, string errors) = program.Run([.. s_small, "--check-data"]);

        Assert.Equal(2, exitCode);
        Assert.Equal(
            "error: --check-data: 2 damaged: images/train/n01443537/3.JPEG: no image in a format that can be read; replace it; "
            + "images/val/n01440764/0.JPEG: empty file; replace it\n",
            errors);
        (exitCode, _, errors) = program.Run([.. s_small, "--max-bad-samples", "1"]);
        Assert.Equal(2, exitCode);
        Assert.StartsWith("error: --max-bad-samples 1: 2 damaged: images/train", errors, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(program.Folder, "artifacts")));

        (exitCode, string output, errors) = program.Run([.. s_small, "--max-bad-samples", "2", "--seeds", "1"]);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("note: left out: images/val/n01440764/0.JPEG: empty file; replace it", errors, StringComparison.Ordinal);
        Assert.Contains("LEFT OUT: 2 damaged samples", output, StringComparison.Ordinal);
        Assert.Contains("\"samples_left_out\",\"samples\":[\"images/train/n01443537/3.JPEG", File.ReadAllText(Path.Combine(program.RunFolder(), "events.jsonl")), StringComparison.Ordinal);
    }
}
