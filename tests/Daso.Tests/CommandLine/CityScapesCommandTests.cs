using Daso.Tests.Images;

namespace Daso.Tests.CommandLine;

/// <summary>The suite cityscapes on a small folder of CityScapes' layout, on 2 nodes of 2 ranks.</summary>
public class CityScapesCommandTests
{
    private static readonly string[] s_tiny =
    [
        "suite", "cityscapes", "--data", "scenes", "--tier", "tiny", "--nodes", "2", "--ranks-per-node", "2", "--warmup-steps", "0",
        "--strategies", "ddp", "daso",
    ];

    [Fact]
    public void The_tiny_tier_trains_and_measures_the_mean_IoU()
    {
        using var program = new Program();
        CityScapesFiles.Write(Path.Combine(program.Folder, "scenes"));
        (int exitCode, string output, string errors) = program.Run(s_tiny);

        Assert.True(exitCode == 0, errors);
        Assert.Contains("miou", output);
        Assert.Contains("daso", output);
    }

    [Fact]
    public void A_folder_of_another_layout_is_refused_before_a_run()
    {
        using var program = new Program();
        Directory.CreateDirectory(Path.Combine(program.Folder, "scenes"));
        (int exitCode, _, string errors) = program.Run(s_tiny);

        Assert.Equal((int)ExitCode.Usage, exitCode);
        Assert.Contains("has no folder leftImg8bit/train", errors);
        Assert.False(Directory.Exists(Path.Combine(program.Folder, "artifacts")));
    }
}
