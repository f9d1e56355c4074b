using CsCheck;
using Daso.Data;
using TorchSharp;

namespace Daso.Tests.Data;

public sealed class TextFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Targets_of_the_novel_are_its_inputs_shifted_by_one()
    {
        string file = CommittedData.PathOf("moby-dick", "moby-dick.txt.gz");
        using IDataset novel = new TextFile { File = file, SequenceLength = 64, BatchPerRank = 8 }.Open();
        using IBatchSource source = novel.OpenTraining(new Shard(1, 4), 3, torch.CPU);
        source.StartEpoch(0);
        Batch batch = source.Next();
        Assert.Equal("tokens", novel.Unit);
        Assert.Equal(8 * 64, batch.Items);
        Assert.Equal([8, 64], batch.Inputs.shape);
        Assert.Equal([8, 64], batch.Targets.shape);
        long[][] inputs = [.. batch.Tokens().Chunk(64)], targets = [.. batch.Labels().Chunk(64)];
        for (int row = 0; row < 8; row++)
            Assert.Equal(inputs[row][1..], targets[row][..^1]);
        Assert.All(inputs.SelectMany(row => row), token => Assert.InRange(token, 0, TextFile.Vocabulary - 1));
    }

    [Fact]
    public void Training_never_shows_a_held_out_byte_and_windows_do_not_overlap() =>
        Gen.Select(Gen.Int[40, 126], Gen.Int[1, 8], Gen.Int[0, 3], Gen.Int[0, 20]).Sample(
            (length, sequence, seed, epoch) =>
            {
                // The value of a byte is its place, from 1: a text has no NUL.
                string path = _folder.Combine("places");
                File.WriteAllBytes(path, [.. Enumerable.Range(1, length).Select(i => (byte)i)]);
                var spec = new TextFile { File = path, SequenceLength = sequence, BatchPerRank = 1, HeldOutFraction = 0.25 };
                using IDataset text = spec.Open();
                using IBatchSource training = text.OpenTraining(new Shard(0, 1), seed, torch.CPU);
                using IBatchSource heldOut = text.OpenHeldOut(new Shard(0, 1), torch.CPU);
                training.StartEpoch(epoch);
                heldOut.StartEpoch(epoch);
                int firstHeldOut = 1 + length - length / 4;
                List<(long[] Inputs, long[] Targets)> windows = training.Rest(0, batch => (batch.Tokens(), batch.Labels()));
                Assert.Equal(text.TrainSamples, windows.Count);
                Assert.All(windows, window => Assert.Equal(window.Inputs.Select(place => place + 1), window.Targets));
                Assert.True(windows.Max(window => window.Targets.Max()) < firstHeldOut);
                long[] inputs = [.. windows.SelectMany(window => window.Inputs)];
                Assert.Equal(inputs.Length, inputs.Distinct().Count());
                long[] evaluated = [.. heldOut.Rest(0, batch => batch.Tokens()).SelectMany(tokens => tokens)];
                Assert.Equal(Enumerable.Range(firstHeldOut, evaluated.Length).Select(place => (long)place), evaluated);
                Assert.True(1 + length - firstHeldOut - evaluated.Length <= sequence);
            },
            threads: 1,
            iter: 50);

    [Fact]
    public void Windows_begin_elsewhere_in_another_epoch()
    {
        string path = _folder.Combine("places");
        File.WriteAllBytes(path, [.. Enumerable.Range(0, 250).Select(i => (byte)('a' + i % 16))]);
        using IDataset text = new TextFile { File = path, SequenceLength = 16, BatchPerRank = 1, HeldOutFraction = 0.2 }.Open();
        using IBatchSource source = text.OpenTraining(new Shard(0, 1), 0, torch.CPU);
        var offsets = new HashSet<long>();
        for (int epoch = 0; epoch < 20; epoch++)
        {
            source.StartEpoch(epoch);
            offsets.Add(source.Next().Tokens()[0]);
        }

        Assert.True(offsets.Count > 5);
    }

    [Theory]
    [InlineData(10, 8, 0.05, "too short")]
    [InlineData(10, 0, 0.5, "TextFile: SequenceLength is 0")]
    [InlineData(10, 2, 1.0, "TextFile: HeldOutFraction is 1")]
    public void Impossible_settings_are_errors(int length, int sequence, double heldOut, string says)
    {
        string path = _folder.Combine("short.txt");
        File.WriteAllText(path, new string('a', length));
        var spec = new TextFile { File = path, SequenceLength = sequence, BatchPerRank = 1, HeldOutFraction = heldOut };
        Assert.Contains(says, Assert.Throws<UserErrorException>(spec.Open).Message);
    }

    [Fact]
    public void A_missing_text_is_named()
    {
        var spec = new TextFile { File = _folder.Combine("none", "no.txt"), SequenceLength = 4, BatchPerRank = 1 };
        Assert.Equal($"{spec.File}: no such file", Assert.Throws<UserErrorException>(spec.Open).Message);
    }

    [Fact]
    public void A_text_cut_off_by_a_broken_download_is_reported()
    {
        byte[] whole = File.ReadAllBytes(CommittedData.PathOf("moby-dick", "moby-dick.txt.gz"));
        string path = _folder.Combine("novel.txt.gz");
        File.WriteAllBytes(path, whole[..(whole.Length / 2)]);
        var spec = new TextFile { File = path, SequenceLength = 64, BatchPerRank = 1 };
        Assert.StartsWith($"{path}: truncated gzip", Assert.Throws<UserErrorException>(spec.Open).Message);
    }

    [Theory]
    [InlineData("FFFE41004200", "is UTF-16; convert it: iconv -f UTF-16 -t UTF-8")]
    [InlineData("FFFE000041000000", "is UTF-32")]
    [InlineData("4100420043004400", "has a NUL byte at 1")]
    [InlineData("0000000000000000", "has a NUL byte at 0")]
    [InlineData("504B030414000000", "is a zip archive; unpack it")]
    [InlineData("FD377A585A000004", "is packed by xz; unpack it: xz -d")]
    [InlineData("425A683931415926535900", "is packed by bzip2; unpack it: bzip2 -d")]
    [InlineData("28B52FFD00000000", "is packed by zstd")]
    [InlineData("255044462D312E34", "is a PDF")]
    [InlineData("6361666520636166E920", "byte 8 (0xE9) is not UTF-8; if it is Latin-1, convert it")]
    public void A_file_that_is_no_text_is_refused_with_what_it_is(string hexadecimal, string says)
    {
        var error = Assert.Throws<UserErrorException>(() => Open([.. Convert.FromHexString(hexadecimal), .. Enumerable.Repeat((byte)'a', 90)]));
        Assert.StartsWith($"{_folder.Combine("text")}: ", error.Message);
        Assert.Contains(says, error.Message);
    }

    [Fact]
    public void A_tar_archive_is_refused()
    {
        var archive = new byte[1024];
        "text.txt"u8.CopyTo(archive);
        "ustar"u8.CopyTo(archive.AsSpan(257));
        Assert.Contains("is a tar archive; unpack it", Assert.Throws<UserErrorException>(() => Open(archive)).Message);
    }

    [Fact]
    public void A_byte_order_mark_is_dropped_and_a_last_character_may_be_cut_off()
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("naïve ", 20)));
        using IDataset plain = Open(text), marked = Open([0xEF, 0xBB, 0xBF, .. text]);
        Assert.Equal(plain.Fingerprint, marked.Fingerprint);
        Open([.. text, 0xC3]).Dispose();
    }

    private IDataset Open(byte[] content)
    {
        string path = _folder.Combine("text");
        File.WriteAllBytes(path, content);
        return new TextFile { File = path, SequenceLength = 4, BatchPerRank = 1, HeldOutFraction = 0.2 }.Open();
    }
}
