using System.Text.Json.Serialization;
using Daso.Data;
using Daso.Specification;

namespace Daso.Images;

/// <summary>
/// CityScapes (Cordts et al., arXiv 1604.01685) in its layout: leftImg8bit/SPLIT/CITY/*_leftImg8bit.png and
/// gtFine/SPLIT/CITY/*_gtFine_labelIds.png of train and val. Training: scaled at random, cut out at random, half of them mirrored, drawn anew for
/// each (seed, epoch, sample). Held out: whole scenes. Inputs float32 [B, 3, H, W], normalised by ImageNet's mean and standard deviation;
/// targets int64 [B, H, W], the 19 classes and 255 for what counts nowhere.
/// </summary>
[Specification("cityScapes")]
public sealed partial record CityScapesImages : DataSpec
{
    /// <summary>Classes to tell apart.</summary>
    public const int Classes = CityScapesLabels.Classes;

    /// <summary>Where leftImg8bit and gtFine are.</summary>
    [DescribedBy(nameof(FolderName)), JsonPropertyOrder(-1)]
    public required string Folder { get; init; }

    /// <summary>Rows of a scene, and of a held-out input.</summary>
    [AtLeast(1)]
    public int Height { get; init; } = 1024;

    /// <summary>Columns of a scene.</summary>
    [AtLeast(1)]
    public int Width { get; init; } = 2048;

    /// <summary>Rows of an input to train on.</summary>
    [AtLeast(1)]
    public int CropHeight { get; init; } = 512;

    /// <summary>Columns of an input to train on.</summary>
    [AtLeast(1)]
    public int CropWidth { get; init; } = 1024;

    /// <summary>The smallest scale of a scene before the crop.</summary>
    [Above(0)]
    public double MinimumScale { get; init; } = 0.5;

    /// <summary>The largest.</summary>
    [Above(0)]
    public double MaximumScale { get; init; } = 2;

    /// <summary>Whether half of the training inputs are mirrored.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>Threads of each source that decode ahead of the training.</summary>
    [AtLeast(1), NotInHash("changes only the speed")]
    public int DecodeThreads { get; init; } = 4;

    private string FolderName => LastSegment(Folder);

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        return Open(LabelledScenes.Find(Folder));
    }

    /// <inheritdoc />
    public override IDataset Open(OncePerJob once)
    {
        Validate();
        return Open(LabelledScenes.FromBytes(once(() => LabelledScenes.Find(Folder).ToBytes()), Folder));
    }

    private SampledDataset Open(LabelledScenes scenes) => new(this)
    {
        Unit = "images",
        TrainSamples = scenes.Train.Count,
        HeldOutSamples = scenes.HeldOut.Count,
        Fingerprint = scenes.Fingerprint,
        Threads = DecodeThreads,
        TrainingReader = seed => new SceneReader(scenes, true, this, seed),
        HeldOutReader = () => new SceneReader(scenes, false, this, 0),
        Inspect = sample => SceneReader.Inspect(scenes, this, sample),
    };

    partial void ValidateTogether()
    {
        if (MinimumScale > MaximumScale)
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"scales of {MinimumScale} to {MaximumScale}: take smallest ≤ largest"));
        }
    }
}
