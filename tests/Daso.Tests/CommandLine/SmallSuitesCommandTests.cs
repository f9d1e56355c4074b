namespace Daso.Tests.CommandLine;

/// <summary>The suites that are no synchronisation rule, a few steps each.</summary>
public class SmallSuitesCommandTests
{
    [Fact]
    public void Forward_forward_trains_layers_on_ranks_and_on_all()
    {
        using var program = new Program();
        (int exitCode, string output, string errors) = program.Run(
            "suite", "forward-forward", "--tier", "tiny", "--nodes", "2", "--ranks-per-node", "2", "--warmup-steps", "0", "--seeds", "1",
            "--width", "16", "--steps", "4");
        Assert.True(exitCode == 0, errors);
        Assert.Contains("owners-late", output, StringComparison.Ordinal);
        Assert.Contains("ddp", output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_study_of_batch_size_and_sparsity_ends_in_a_law()
    {
        using var program = new Program();
        (int exitCode, _, string errors) = program.Run(
            "suite", "sparsity", "--tier", "tiny", "--nodes", "1", "--ranks-per-node", "1", "--warmup-steps", "0", "--seeds", "1",
            "--batch-per-rank", "32", "64", "--sparsity", "0.5", "--epochs", "1");
        Assert.True(exitCode == 0, errors);

        string run = program.RunFolder();
        (exitCode, string output, errors) = program.Run("scaling", run);
        Assert.True(exitCode == 0, errors);
        Assert.Contains("ddp", output, StringComparison.Ordinal);
        Assert.Contains("Missed", output, StringComparison.Ordinal);
    }
}
