using Daso.Baselines;
using Daso.Communication;
using Daso.Data;
using Daso.Experiments;
using Daso.Images;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.ImageNet;

/// <summary>
/// ResNet-50 on ImageNet: 90 epochs, 256 images a rank, SGD, by the paper's recipe (--recipe heat) or the common one of large batches
/// (--recipe goyal). The target, 74.7 %, is what the paper's authors noted of theirs.
/// </summary>
[Experiment("imagenet-resnet50", Suite = "imagenet-resnet50")]
[Model(nameof(Network)), Data(nameof(Images)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("horovod", nameof(Horovod))]
[Strategy("daso", nameof(Daso))]
[Strategy("none", nameof(None))]
[Seeds(1), Epochs(90), Target("accuracy", AtLeast = 0.747)]
[Tier("tiny", Epochs = 2)]
public sealed partial class ImageNetResNet50
{
    private static readonly HeatRateSpec s_heat = new();

    /// <summary>ImageNet's folder (train/WNID/*.JPEG and val/WNID/*.JPEG), or synthetic for noise of the same shape.</summary>
    [Params("imagenet", Option = "data")]
    public string DataFolder { get; init; } = "";

    /// <summary>Whose learning rate, augmentation and evaluation: Heat, the paper's reference, or Goyal.</summary>
    [Params(Recipe.Heat)]
    public Recipe Recipe { get; init; }

    /// <summary>Images a rank and step.</summary>
    [Params(256, Option = "batch"), TierParams("tiny", 2)]
    public int BatchPerRank { get; init; }

    /// <summary>Pixels on each side of a training image; recipe Goyal evaluates as many.</summary>
    [Params(224), TierParams("tiny", 64)]
    public int Crop { get; init; }

    /// <summary>Pixels of an evaluated image's short side before its centre is cut out; recipe Heat evaluates as many.</summary>
    [Params(256), TierParams("tiny", 72)]
    public int Resize { get; init; }

    /// <summary>The smallest share of an image's area that a training crop takes; 0: the recipe's, 0.05 of Heat, 0.08 of Goyal.</summary>
    [Params(0.0)]
    public double MinimumArea { get; init; }

    /// <summary>The largest share of an image's area that a training crop takes.</summary>
    [Params(1.0)]
    public double MaximumArea { get; init; }

    /// <summary>The narrowest training crop, width over height; the widest is its inverse.</summary>
    [Params(0.75)]
    public double MinimumAspect { get; init; }

    /// <summary>Whether half of the training images are mirrored.</summary>
    [Params(true)]
    public bool Flip { get; init; }

    /// <summary>Threads of each rank that decode images.</summary>
    [Params(4)]
    public int DecodeThreads { get; init; }

    /// <summary>Classes to tell apart: the folders of train.</summary>
    [Params(1000), TierParams("tiny", 2)]
    public int Classes { get; init; }

    /// <summary>Momentum of SGD.</summary>
    [Params(0.9)]
    public double Momentum { get; init; }

    /// <summary>Weight decay of SGD.</summary>
    [Params(1e-4)]
    public double WeightDecay { get; init; }

    /// <summary>Recipe Heat: learning rate that is multiplied by the number of ranks but one, and by the warm-up.</summary>
    [Params(0.0125)]
    public double BaseRate { get; init; }

    /// <summary>Recipe Heat: epochs in which the learning rate rises linearly.</summary>
    [Params(5)]
    public int RateWarmup { get; init; }

    /// <summary>Recipe Heat: what the learning rate is multiplied by when the training loss has plateaued.</summary>
    [Params(0.5)]
    public double RateFactor { get; init; }

    /// <summary>Recipe Heat: epochs without a better training loss that are borne before.</summary>
    [Params(5)]
    public int RatePatience { get; init; }

    /// <summary>Recipe Heat: the smallest learning rate.</summary>
    [Params(1e-4)]
    public double MinimumRate { get; init; }

    /// <summary>Relative decrease of the training loss that counts as better, for the learning rate and for DASO.</summary>
    [Params(0.05)]
    public double Stability { get; init; }

    /// <summary>DASO's definition.</summary>
    [Params(DasoVariant.Paper)]
    public DasoVariant Variant { get; init; }

    /// <summary>DASO's largest number of batches from one global synchronisation to the next.</summary>
    [Params(4)]
    public int MaxGlobalSkips { get; init; }

    /// <summary>DASO's blocking epochs at the start.</summary>
    [Params(4), TierParams("tiny", 1)]
    public int DasoWarmup { get; init; }

    /// <summary>DASO's blocking epochs at the end; 5 in the code of the paper's submission.</summary>
    [Params(5), TierParams("tiny", 0)]
    public int DasoCooldown { get; init; }

    /// <summary>How parameters travel between nodes in DASO's blocking phases.</summary>
    [Params(nameof(WireFormat.BFloat16))]
    public string DasoWire { get; init; } = "";

    /// <summary>How gradients travel with DDP; the 16-bit formats are PyTorch's compression hooks.</summary>
    [Params(nameof(WireFormat.Float32))]
    public string DdpWire { get; init; } = "";

    /// <summary>How gradients travel with Horovod; Float16 is its compression.</summary>
    [Params(nameof(WireFormat.Float32))]
    public string HorovodWire { get; init; } = "";

    private ModelSpec Network => new ResNetSpec { Depth = 50, Classes = Classes };

    private DataSpec Images => DataFolder == "synthetic"
        ? new SyntheticImages { BatchPerRank = BatchPerRank, Size = Crop, Classes = Classes, HeldOutSamples = 16 }
        : new ImageFolder
        {
            Folder = DataFolder,
            BatchPerRank = BatchPerRank,
            Classes = Classes,
            Crop = Crop,
            Resize = Resize,
            EvaluationCrop = Recipe == Recipe.Heat ? Resize : null,
            MinimumArea = MinimumArea != 0 ? MinimumArea : Recipe == Recipe.Heat ? 0.05 : 0.08,
            MaximumArea = MaximumArea,
            MinimumAspect = MinimumAspect,
            Flip = Flip,
            DecodeThreads = DecodeThreads,
        };

    private OptimizerSpec Sgd => new SgdSpec(Momentum, WeightDecay) { Nesterov = Recipe == Recipe.Goyal };

    private LearningRateSpec Rate => Recipe == Recipe.Heat ? HeatRate
        : HeatRate with { Threshold = s_heat.Threshold } == s_heat ? new GoyalRateSpec { BatchPerRank = BatchPerRank }
        : throw new UserErrorException(
            "--recipe Goyal: --base-rate, --rate-warmup, --rate-factor, --rate-patience and --minimum-rate are of recipe Heat; leave them out");

    private HeatRateSpec HeatRate => new()
    {
        BaseRate = BaseRate,
        WarmupEpochs = RateWarmup,
        Factor = RateFactor,
        Patience = RatePatience,
        Threshold = Stability,
        MinimumRate = MinimumRate,
    };

    private StrategySpec Ddp => new DdpSpec { Wire = WireFormat.Named(DdpWire) };

    private StrategySpec Horovod => new HorovodSpec { Wire = WireFormat.Named(HorovodWire) };

    private StrategySpec Daso => new DasoSpec
    {
        BlockingWire = WireFormat.Named(DasoWire),
        Schedule = new DasoSettings
        {
            Variant = Variant,
            MaxGlobalSkips = MaxGlobalSkips,
            WarmupEpochs = DasoWarmup,
            CooldownEpochs = DasoCooldown,
            Stability = Stability,
        },
    };

    private StrategySpec None => new NoCommunicationSpec();
}
