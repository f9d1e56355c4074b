using CsCheck;
using Daso.Models;
using Daso.Tests.Recording;
using Daso.Training;
using TorchSharp;

namespace Daso.Tests.Training;

public class CheckpointFileTests
{
    private static readonly CheckpointIdentity s_mine = new(ShortTraining.Specification, ShortTraining.Cell, 2, 2, 3, 100);

    [Fact]
    public void What_was_written_is_read()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder);
        int read = 0;
        CheckpointFile.Read(path, s_mine, reader => read = reader.ReadInt32());
        Assert.Equal(42, read);
        Assert.Single(Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Any_changed_byte_is_noticed()
    {
        using var folder = new TemporaryFolder();
        byte[] whole = File.ReadAllBytes(Write(folder));
        string path = Path.Combine(folder.Path, "changed.ckpt");
        Gen.Select(Gen.Int[0, whole.Length - 1], Gen.Byte[1, 255]).Sample(
            (position, change) =>
            {
                byte[] changed = [.. whole];
                changed[position] ^= change;
                File.WriteAllBytes(path, changed);
                AssertRefused(path, s_mine, position == 8 ? ": not a checkpoint; " : ": damaged; ");
            },
            iter: 200,
            threads: 1);
    }

    [Fact]
    public void A_truncated_file_is_noticed_wherever_it_ends()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder);
        byte[] whole = File.ReadAllBytes(path);
        for (int length = whole.Length - 1; length >= 0; length -= 7)
        {
            File.WriteAllBytes(path, whole[..length]);
            AssertRefused(path, s_mine, length < 9 ? ": not a checkpoint; " : ": damaged; ");
        }
    }

    [Fact]
    public void A_foreign_file_is_refused_and_its_origin_named()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder);
        AssertRefused(
            path, s_mine with { Specification = new string('f', 64) }, ": of another specification (0123456789ab, here ffffffffffff); ");
        AssertRefused(path, s_mine with { Cell = s_mine.Cell with { Seed = 2 } }, ": of tiny, strategy, seed 1; ");
        AssertRefused(path, s_mine with { Cell = s_mine.Cell with { Strategy = "ddp" } }, ": of tiny, strategy, seed 1; ");
        AssertRefused(path, s_mine with { Nodes = 4, RanksPerNode = 1 }, ": of a cluster of 2 × 2 ranks; ");
        AssertRefused(path, s_mine with { Rank = 0 }, ": of rank 3; ");
        AssertRefused(path, s_mine with { Step = 99 }, ": of step 100; ");
    }

    [Fact]
    public void A_file_of_the_first_format_is_told_from_a_damaged_one()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "old.ckpt");
        File.WriteAllBytes(path, [.. "DASOCKPT"u8, 1, 0, 0, 0, .. new byte[100]]);
        AssertRefused(path, s_mine, ": of format 1, this program reads 2; ");
    }

    [Fact]
    public void Tensors_have_names_and_sizes_for_other_readers()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "mine.ckpt");
        using torch.Tensor values = torch.tensor(new[] { 1f, 2, 3 });
        using var flat = new FlatTensor(3, torch.CPU);
        flat.Tensor.copy_(values);
        CheckpointFile.Write(path, s_mine, writer =>
        {
            writer.BeginSection("strategy");
            writer.Write(7);
            flat.Save(writer);
            flat.Save(writer);
            writer.Write(true);
        });

        using FileStream file = File.OpenRead(path);
        SafetensorsHeader header = SafetensorsHeader.Read(file);
        Assert.Equal("daso_checkpoint=2, experiment=tiny, nodes=2, rank=3, ranks_per_node=2, seed=1, step=100, strategy=strategy", string.Join(
            ", ", header.Metadata.Where(one => one.Key != "specification").OrderBy(one => one.Key, StringComparer.Ordinal).Select(one => $"{one.Key}={one.Value}")));
        Assert.Equal(
            ["strategy.state U8 [4]", "strategy.values F32 [3]", "strategy.values.2 F32 [3]", "strategy.state.2 U8 [1]", "sha256 U8 [32]"],
            header.Entries.Select(one => $"{one.Key} {one.Value.Type} [{string.Join(", ", one.Value.Shape)}]"));
        file.Position += header.Entries[1].Value.Offset;
        using var reader = new BinaryReader(file);
        Assert.Equal([1f, 2, 3], [reader.ReadSingle(), reader.ReadSingle(), reader.ReadSingle()]);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = new TemporaryFolder();
        AssertRefused(Path.Combine(folder.Path, "gone.ckpt"), s_mine, ": not readable (Could not find file");
    }

    [Fact]
    public void A_kill_in_the_middle_of_writing_leaves_the_older_file()
    {
        using var folder = new TemporaryFolder();
        string path = Write(folder);
        Assert.Throws<InvalidOperationException>(() => CheckpointFile.Write(path, s_mine, writer =>
        {
            writer.Write(new byte[10_000]);
            throw new InvalidOperationException("killed");
        }));
        CheckpointFile.Read(path, s_mine, reader => Assert.Equal(42, reader.ReadInt32()));
        CheckpointFile.Write(path, s_mine, writer => writer.Write(43));
        CheckpointFile.Read(path, s_mine, reader => Assert.Equal(43, reader.ReadInt32()));
    }

    [Fact]
    public void Files_of_a_checkpoint_that_not_all_ranks_have_written_are_ignored_and_removed()
    {
        using var folder = new TemporaryFolder();
        CheckpointSeries series = ShortTraining.Series(folder.Path);
        var plan = new CheckpointPlan(series, CheckpointInterval.Parse("10steps"), ResumeStep: null);
        TrainingOutcome[] uninterrupted = ShortTraining.Run(5, plan);
        // As after a kill while the checkpoint at step 15 was written: rank 0 has moved its file, rank 1 has not.
        File.WriteAllText(Path.Combine(folder.Path, "tiny+strategy+1-step15-rank0.ckpt"), "complete");
        File.WriteAllText(Path.Combine(folder.Path, "tiny+strategy+1-step15-rank1.ckpt.partial"), "cut o");

        Assert.Equal(10, series.LatestStep());
        TrainingOutcome[] resumed = ShortTraining.Run(5, new CheckpointPlan(series, CheckpointInterval.Parse("8steps"), ResumeStep: 10));
        Assert.Equal(uninterrupted.Select(rank => rank.ParametersSha256), resumed.Select(rank => rank.ParametersSha256));
        Assert.All(Directory.GetFiles(folder.Path, "*-step*"), file => Assert.Contains("-step16-", file, StringComparison.Ordinal));
        for (int rank = 0; rank < ShortTraining.Ranks; rank++)
            series.Clear(rank);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"step\":")]
    public void A_damaged_note_is_named(string content)
    {
        using var folder = new TemporaryFolder();
        string note = Path.Combine(folder.Path, "tiny+strategy+1.json");
        File.WriteAllText(note, content);
        UserErrorException refused = Assert.Throws<UserErrorException>(() => ShortTraining.Series(folder.Path).LatestStep());
        Assert.StartsWith($"checkpoint {note}: damaged; ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1epoch", 1, true)]
    [InlineData("2epochs", 2, true)]
    [InlineData("100steps", 100, false)]
    [InlineData("1step", 1, false)]
    public void An_interval_is_read(string text, int count, bool isInEpochs) =>
        Assert.Equal(new CheckpointInterval(count, isInEpochs), CheckpointInterval.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("steps")]
    [InlineData("0steps")]
    [InlineData("-1steps")]
    [InlineData("1.5epochs")]
    [InlineData("99999999999steps")]
    [InlineData("2 epochs")]
    public void A_wrong_interval_is_refused(string text)
    {
        UserErrorException refused = Assert.Throws<UserErrorException>(() => CheckpointInterval.Parse(text));
        Assert.StartsWith($"--checkpoint-every {text}: expected", refused.Message, StringComparison.Ordinal);
    }

    private static string Write(TemporaryFolder folder)
    {
        string path = Path.Combine(folder.Path, "mine.ckpt");
        CheckpointFile.Write(path, s_mine, writer =>
        {
            writer.Write(42);
            writer.Write(new byte[300]);
        });
        return path;
    }

    private static void AssertRefused(string path, CheckpointIdentity expected, string reason)
    {
        UserErrorException refused = Assert.Throws<UserErrorException>(() => CheckpointFile.Read(path, expected, _ => { }));
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.StartsWith($"checkpoint {path}{reason}", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }
}
