using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Daso.Specification;

namespace Daso.Data;

/// <summary>
/// Shards of tokens for language models: train*.bin and val*.bin in a folder, read in the order of their names and never copied into memory.
/// Two formats, told apart by their first bytes: bare little-endian uint16 (nanoGPT's), and llm.c's with a header of 256 int32, of which the
/// first are 20240520 and the version 1 (uint16 follow), or 20240801 and 7 (uint32 follow), then the number of tokens. Inputs and targets
/// int64 [B, T]; a target is the token that follows. No window crosses shards.
/// </summary>
[Specification("tokenFiles")]
public sealed partial record TokenFiles : DataSpec
{
    /// <summary>Where the shards are.</summary>
    [DescribedBy(nameof(FolderName)), JsonPropertyOrder(-1)]
    public required string Folder { get; init; }

    /// <summary>T: tokens of a sample.</summary>
    [AtLeast(1)]
    public required int SequenceLength { get; init; }

    /// <summary>Tokens are 0 … Vocabulary − 1; GPT-2's 50,257.</summary>
    [AtLeast(1)]
    public int Vocabulary { get; init; } = 50_257;

    private string FolderName => LastSegment(Folder);

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        using var names = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var contents = new List<ulong>();
        TokenShard[] train = [], heldOut = [];
        try
        {
            train = OpenShards("train", names, contents);
            heldOut = OpenShards("val", names, contents);
            var trainWindows = new ShardWindows(train, SequenceLength, shifted: true);
            var heldOutWindows = new ShardWindows(heldOut, SequenceLength, shifted: false);
            return new SampledDataset(this)
            {
                Unit = "tokens",
                TrainSamples = trainWindows.Count,
                HeldOutSamples = heldOutWindows.Count,
                Fingerprint = DataFingerprint.OfFolder(names, contents),
                TrainingReader = seed => new WindowReader(trainWindows, Vocabulary, seed),
                HeldOutReader = () => new WindowReader(heldOutWindows, Vocabulary, null),
                Owned = [.. train, .. heldOut],
            };
        }
        catch
        {
            foreach (TokenShard shard in (TokenShard[])[.. train, .. heldOut])
                shard.Dispose();
            throw;
        }
    }

    private TokenShard[] OpenShards(string split, IncrementalHash names, List<ulong> contents)
    {
        string[] paths;
        try
        {
            paths = Directory.GetFiles(Folder, $"{split}*.bin");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{Folder}: cannot be listed: {e.Message}");
        }

        if (paths.Length == 0)
            throw new UserErrorException($"{Folder}: has no {split}*.bin; expected shards of tokens, train*.bin and val*.bin");
        Array.Sort(paths, StringComparer.Ordinal);
        var shards = new List<TokenShard>();
        try
        {
            foreach (string path in paths)
            {
                shards.Add(TokenShard.Open(path));
                names.AppendData(Encoding.UTF8.GetBytes(Path.GetFileName(path) + "\n"));
                contents.Add(shards[^1].Sample());
            }
        }
        catch
        {
            shards.ForEach(shard => shard.Dispose());
            throw;
        }

        return [.. shards];
    }

    /// <summary>Windows from a place that training moves each epoch, so that a token is not always at one position.</summary>
    private sealed class WindowReader(ShardWindows windows, int vocabulary, int? offsetSeed) : SampleReader
    {
        public override SampleLayout Layout { get; } = SampleLayout.Tokens(windows.Length);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            int offset = offsetSeed is int seed ? new SeededRandom(seed, epoch, 0).NextInt(windows.Length) : 0;
            TokenShard shard = windows.ShardOf(sample, out long first);
            Span<long> tokens = MemoryMarshal.Cast<byte, long>(input);
            for (int i = 0; i < windows.Length; i++)
                tokens[i] = Checked(shard, first + offset + i);
            tokens[1..].CopyTo(targets);
            targets[^1] = Checked(shard, first + offset + windows.Length);
        }

        private long Checked(TokenShard shard, long at)
        {
            long token = shard[at];
            return token < vocabulary
                ? token
                : throw new UserErrorException($"{shard.Path}: token {at} is {token}, the model's vocabulary has {vocabulary}");
        }
    }
}
