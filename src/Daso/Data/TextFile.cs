using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Daso.Specification;

namespace Daso.Data;

/// <summary>
/// A text in UTF-8, gzip or plain, whose tokens are its bytes: the vocabulary is known before any file is opened, nothing
/// is lost or folded, and a loss in nats is one per byte, comparable between texts. Inputs and targets int64 [B, T]; a target is the
/// token that follows. The end of the text is held out.
/// </summary>
[Specification("textFile")]
public sealed partial record TextFile : DataSpec
{
    /// <summary>Tokens are 0 … 255.</summary>
    public const int Vocabulary = 256;

    /// <summary>The file.</summary>
    [DescribedBy(nameof(FileName)), JsonPropertyOrder(-1)]
    public required string File { get; init; }

    /// <summary>T: tokens of a sample.</summary>
    [AtLeast(1)]
    public required int SequenceLength { get; init; }

    /// <summary>The share of the text, at its end, that is never trained on.</summary>
    [Above(0), Below(1)]
    public double HeldOutFraction { get; init; } = 0.05;

    private string FileName => LastSegment(File);

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        byte[] text = Utf8Text.Require(File, DataFile.Read(File));
        int trainLength = text.Length - (int)(text.Length * HeldOutFraction);

        // A window reads T + 1 tokens, and its epoch's offset is at most T − 1.
        int trainSamples = trainLength / SequenceLength - 1;
        int heldOutSamples = (text.Length - trainLength - 1) / SequenceLength;
        if (trainSamples < 1 || heldOutSamples < 1)
        {
            throw new UserErrorException(
                $"{File}: {text.Length} bytes are too short for sequences of {SequenceLength} tokens; " +
                "take a longer text or shorter sequences");
        }

        return new SampledDataset(this)
        {
            Unit = "tokens",
            TrainSamples = trainSamples,
            HeldOutSamples = heldOutSamples,
            Fingerprint = DataFingerprint.Of(text),
            TrainingReader = seed => new WindowReader(text, 0, SequenceLength, seed),
            HeldOutReader = () => new WindowReader(text, trainLength, SequenceLength, null),
        };
    }

    /// <summary>Windows side by side, from a place that training moves each epoch, so that a token is not always at one position.</summary>
    private sealed class WindowReader(byte[] text, int first, int length, int? offsetSeed) : SampleReader
    {
        public override SampleLayout Layout { get; } = SampleLayout.Tokens(length);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            int offset = offsetSeed is int seed ? new SeededRandom(seed, epoch, 0).NextInt(length) : 0;
            ReadOnlySpan<byte> window = text.AsSpan(first + offset + sample * length, length + 1);
            Span<long> tokens = MemoryMarshal.Cast<byte, long>(input);
            for (int i = 0; i < length; i++)
            {
                tokens[i] = window[i];
                targets[i] = window[i + 1];
            }
        }
    }
}
