using Daso.Data;
using Daso.Specification;

namespace Daso.Images;

/// <summary>
/// Photographs in ImageNet's layout: train/CLASS/*.JPEG and val/CLASS/*.JPEG (also .jpg and .png, in any case). Classes are numbered in
/// the order of train's folder names. Training: random-resized crop and horizontal flip, drawn anew for each (seed, epoch, sample).
/// Held out: the middle of the image after its short side was resized. Inputs float32 [B, 3, Crop, Crop], normalised by ImageNet's
/// mean and standard deviation; targets int64 [B].
/// </summary>
public sealed record ImageFolder : DataSpec
{
    /// <summary>Where train and val are.</summary>
    public required string Folder { get; init; }

    /// <summary>Classes that the model knows; the folder may have fewer.</summary>
    public int Classes { get; init; } = 1000;

    /// <summary>Height and width of an input in pixels.</summary>
    public int Crop { get; init; } = 224;

    /// <summary>What a held-out image's short side is resized to before the middle is taken.</summary>
    public int Resize { get; init; } = 256;

    /// <summary>The smallest share of an image's area that a training crop takes.</summary>
    public double MinimumArea { get; init; } = 0.05;

    /// <summary>The largest share.</summary>
    public double MaximumArea { get; init; } = 1;

    /// <summary>The smallest width over height of a training crop; the largest is its inverse.</summary>
    public double MinimumAspect { get; init; } = 3.0 / 4.0;

    /// <summary>Whether half of the training crops are mirrored.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Threads of each source that decode ahead of the training; changes only the speed.</summary>
    public int DecodeThreads { get; init; } = 4;

    /// <inheritdoc />
    public override IDataset Open()
    {
        CheckSettings();
        return Open(ImageListing.Find(Folder, Classes));
    }

    /// <inheritdoc />
    public override IDataset Open(OncePerJob once)
    {
        CheckSettings();
        return Open(ImageListing.FromBytes(once(() => ImageListing.Find(Folder, Classes).ToBytes()), Folder));
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer) => writer
        .Add("kind", "imageFolder")
        .Add("folder", LastSegment(Folder))
        .Add("batchPerRank", BatchPerRank)
        .Add("samplesPerEpoch", SamplesPerEpoch ?? 0)
        .Add("classes", Classes)
        .Add("crop", Crop)
        .Add("resize", Resize)
        .Add("minimumArea", MinimumArea)
        .Add("maximumArea", MaximumArea)
        .Add("minimumAspect", MinimumAspect)
        .Add("flip", Flip)
        .Add("scaling", "bilinear, antialiased");

    private SampledDataset Open(ImageListing listing)
    {
        var randomCrop = new RandomResizedCrop(MinimumArea, MaximumArea, MinimumAspect, Flip);
        var centreCrop = new CentreCrop(Crop, Resize);
        return new SampledDataset(this)
        {
            Unit = "images",
            TrainSamples = listing.Train.Count,
            HeldOutSamples = listing.HeldOut.Count,
            Fingerprint = listing.Fingerprint,
            Remarks = listing.Remarks,
            Settings = new Dictionary<string, string> { ["jpegDecoder"] = TurboJpeg.IsThere ? "libjpeg-turbo" : "Skia" },
            Threads = DecodeThreads,
            TrainingReader = seed => new PhotographReader(listing.Train, randomCrop, Crop, seed),
            HeldOutReader = () => new PhotographReader(listing.HeldOut, centreCrop, Crop, 0),
            Inspect = sample => Inspect(listing, sample),
        };
    }

    private static void Inspect(ImageListing listing, int sample)
    {
        bool isTraining = sample < listing.Train.Count;
        ImageDecoder.ReadWhole(isTraining ? listing.Train : listing.HeldOut, isTraining ? sample : sample - listing.Train.Count);
    }

    private void CheckSettings()
    {
        if (Crop < 1 || Resize < Crop)
            throw new UserErrorException($"a crop of {Crop} from images resized to {Resize}: take 1 ≤ crop ≤ resize");
        if (!(MinimumArea > 0 && MinimumArea <= MaximumArea && MaximumArea <= 1))
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"crops of {MinimumArea} to {MaximumArea} of an image's area: take 0 < smallest ≤ largest ≤ 1"));
        }

        if (!(MinimumAspect is > 0 and <= 1))
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"a smallest aspect ratio of {MinimumAspect}: take one above 0 and at most 1"));
        }

        if (DecodeThreads < 1)
            throw new UserErrorException($"{DecodeThreads} decoding threads: take at least 1");
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
