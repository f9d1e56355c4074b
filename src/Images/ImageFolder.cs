using System.Text.Json.Serialization;
using Daso.Data;
using Daso.Specification;

namespace Daso.Images;

/// <summary>
/// Photographs in ImageNet's layout: train/CLASS/*.JPEG and val/CLASS/*.JPEG (also .jpg and .png, in any case), classes numbered in the order
/// of train's folder names; or in tar archives, ImageNet's own or WebDataset's shards, which are not unpacked. Training: random-resized
/// crop and horizontal flip, drawn anew for each (seed, epoch, sample). Held out: the middle of the image after its short side was
/// resized. Inputs float32 [B, 3, Crop, Crop], held out EvaluationCrop, normalised by ImageNet's mean and standard deviation; targets
/// int64 [B].
/// </summary>
[Specification("imageFolder")]
public sealed partial record ImageFolder : DataSpec
{
    /// <summary>Where train and val are, or the archives.</summary>
    [DescribedBy(nameof(FolderName)), JsonPropertyOrder(-1)]
    public required string Folder { get; init; }

    /// <summary>Classes that the model knows; the folder may have fewer.</summary>
    [AtLeast(1)]
    public int Classes { get; init; } = 1000;

    /// <summary>Height and width of an input to train on in pixels.</summary>
    [AtLeast(1)]
    public int Crop { get; init; } = 224;

    /// <summary>What a held-out image's short side is resized to before the middle is taken.</summary>
    [AtLeast(1)]
    public int Resize { get; init; } = 256;

    /// <summary>Height and width of that middle; null: as those to train on.</summary>
    [AtLeast(1)]
    public int? EvaluationCrop { get; init; }

    /// <summary>The smallest share of an image's area that a training crop takes.</summary>
    [Above(0), AtMost(1)]
    public double MinimumArea { get; init; } = 0.05;

    /// <summary>The largest share.</summary>
    [Above(0), AtMost(1)]
    public double MaximumArea { get; init; } = 1;

    /// <summary>The smallest width over height of a training crop; the largest is its inverse.</summary>
    [Above(0), AtMost(1)]
    public double MinimumAspect { get; init; } = 3.0 / 4.0;

    /// <summary>Whether half of the training crops are mirrored.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Threads of each source that decode ahead of the training.</summary>
    [AtLeast(1), NotInHash("changes only the speed")]
    public int DecodeThreads { get; init; } = 4;

    private int HeldOutCrop => EvaluationCrop ?? Crop;

    private string FolderName => LastSegment(Folder);

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        return Open(ListingIndex.OfUser.Find(Folder, Classes));
    }

    /// <inheritdoc />
    public override IDataset Open(OncePerJob once)
    {
        Validate();
        return Open(ImageListing.FromBytes(once(() => ListingIndex.OfUser.Find(Folder, Classes).ToBytes()), Folder));
    }

    private SampledDataset Open(ImageListing listing)
    {
        var randomCrop = new RandomResizedCrop(MinimumArea, MaximumArea, MinimumAspect, Flip);
        var centreCrop = new CentreCrop(HeldOutCrop, Resize);
        return new SampledDataset(this)
        {
            Unit = "images",
            TrainSamples = listing.Train.Count,
            HeldOutSamples = listing.HeldOut.Count,
            Fingerprint = listing.Fingerprint,
            Remarks = listing.Remarks,
            Settings = new Dictionary<string, string> { ["jpegDecoder"] = TurboJpeg.IsThere ? "libjpeg-turbo" : "Skia" },
            Owned = [.. new[] { listing.Train, listing.HeldOut }.OfType<IDisposable>()],
            Threads = DecodeThreads,
            TrainingReader = seed => new PhotographReader(listing.Train, randomCrop, Crop, seed),
            HeldOutReader = () => new PhotographReader(listing.HeldOut, centreCrop, HeldOutCrop, 0),
            Inspect = sample => Inspect(listing, sample),
        };
    }

    private static void Inspect(ImageListing listing, int sample)
    {
        bool isTraining = sample < listing.Train.Count;
        ImageDecoder.ReadWhole(isTraining ? listing.Train : listing.HeldOut, isTraining ? sample : sample - listing.Train.Count);
    }

    partial void ValidateTogether()
    {
        if (Resize < HeldOutCrop)
            throw new UserErrorException($"a crop of {HeldOutCrop} from images resized to {Resize}: take crop ≤ resize");
        if (MinimumArea > MaximumArea)
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"crops of {MinimumArea} to {MaximumArea} of an image's area: take smallest ≤ largest"));
        }
    }

    private sealed class PhotographReader(IImageList images, ICropRule rule, int crop, int seed) : SampleReader
    {
        private readonly ImageDecoder _decoder = new(crop);

        public override SampleLayout Layout { get; } = SampleLayout.Image(3, crop, crop);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            _decoder.Decode(images, sample, rule, new SeededRandom(seed, epoch, sample), input);
            targets[0] = images.LabelOf(sample);
        }

        public override void Dispose() => _decoder.Dispose();
    }
}
