using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Daso.Specification;

namespace Daso.Data;

/// <summary>
/// Grey images and labels as four IDX files, gzip or plain, under MNIST's names: train-images-idx3-ubyte, train-labels-idx1-ubyte and
/// the same with t10k, which are held out. Inputs float32 [B, 1, H, W], normalised; targets int64 [B].
/// </summary>
[Specification("idxImages")]
public sealed partial record IdxImages : DataSpec
{
    /// <summary>Where the files are.</summary>
    [DescribedBy(nameof(FolderName)), JsonPropertyOrder(-1)]
    public required string Folder { get; init; }

    /// <summary>Labels are 0 … Classes − 1.</summary>
    [AtLeast(1)]
    public int Classes { get; init; } = 10;

    /// <summary>Subtracted from pixels in 0 … 1; null: the training images' mean.</summary>
    public double? Mean { get; init; }

    /// <summary>What pixels are divided by afterwards; null: the training images' standard deviation.</summary>
    [Above(0)]
    public double? StandardDeviation { get; init; }

    private string FolderName => LastSegment(Folder);

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        LabelledImages train = ReadSplit("train");
        LabelledImages heldOut = ReadSplit("t10k");
        if (train.Height != heldOut.Height || train.Width != heldOut.Width)
        {
            throw new UserErrorException(
                $"{heldOut.Images.FilePath}: images of {heldOut.Height} × {heldOut.Width}, but those to train on have " +
                $"{train.Height} × {train.Width}");
        }

        float[] normalised = Normalisation(train.Images);
        return new SampledDataset(this)
        {
            Unit = "images",
            TrainSamples = train.Count,
            HeldOutSamples = heldOut.Count,
            Fingerprint = DataFingerprint.Of(
                train.Images.Content, train.Labels.Content, heldOut.Images.Content, heldOut.Labels.Content),
            TrainingReader = _ => new IdxReader(train, normalised),
            HeldOutReader = () => new IdxReader(heldOut, normalised),
        };
    }

    private LabelledImages ReadSplit(string split)
    {
        IdxArray images = IdxArray.Read(DataFile.Find(Folder, $"{split}-images-idx3-ubyte"), 3);
        IdxArray labels = IdxArray.Read(DataFile.Find(Folder, $"{split}-labels-idx1-ubyte"), 1);
        if (labels.Sizes[0] != images.Sizes[0])
        {
            throw new UserErrorException(
                $"{labels.FilePath}: {labels.Sizes[0]} labels for the {images.Sizes[0]} images of {images.FilePath}");
        }

        int wrong = labels.Values.IndexOfAnyExceptInRange((byte)0, (byte)Math.Clamp(Classes - 1, 0, 255));
        if (wrong >= 0)
            throw new UserErrorException($"{labels.FilePath}: label {wrong} is {labels.Values[wrong]}, expected 0 to {Classes - 1}");
        return new LabelledImages(images, labels);
    }

    /// <summary>The input for each of the 256 values of a pixel. Sums of whole numbers, so the result has no order of additions.</summary>
    private float[] Normalisation(IdxArray images)
    {
        var histogram = new long[256];
        foreach (byte value in images.Values)
            histogram[value]++;
        double sum = 0, squares = 0;
        for (int value = 0; value < 256; value++)
        {
            sum += (double)histogram[value] * value;
            squares += (double)histogram[value] * value * value;
        }

        double measuredMean = sum / images.Values.Length;
        double mean = Mean ?? measuredMean / 255;
        double deviation = StandardDeviation ?? Math.Sqrt(squares / images.Values.Length - measuredMean * measuredMean) / 255;
        if (!(deviation > 0))
            throw new UserErrorException($"{images.FilePath}: standard deviation {deviation} of the pixels; it must be above 0");
        var normalised = new float[256];
        for (int value = 0; value < 256; value++)
            normalised[value] = (float)((value / 255.0 - mean) / deviation);
        return normalised;
    }

    private sealed record LabelledImages(IdxArray Images, IdxArray Labels)
    {
        public int Count => Images.Sizes[0];

        public int Height => Images.Sizes[1];

        public int Width => Images.Sizes[2];
    }

    private sealed class IdxReader(LabelledImages source, float[] normalised) : SampleReader
    {
        private readonly int _pixels = source.Height * source.Width;

        public override SampleLayout Layout { get; } = SampleLayout.Image(1, source.Height, source.Width);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            ReadOnlySpan<byte> image = source.Images.Values.Slice(sample * _pixels, _pixels);
            Span<float> values = MemoryMarshal.Cast<byte, float>(input);
            for (int i = 0; i < image.Length; i++)
                values[i] = normalised[image[i]];
            targets[0] = source.Labels.Values[sample];
        }
    }
}
