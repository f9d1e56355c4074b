using Daso.Baselines;
using Daso.Communication;
using Daso.Data;
using Daso.Experiments;
using Daso.Images;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.CityScapes;

/// <summary>
/// HRNet with object context on CityScapes: 175 epochs, an image of 1024 × 2048 a rank, SGD, region mutual information, by the recipe of the
/// paper's code as far as it is known. The target, a mean IoU of 80 %, is the least of its authors' notes.
/// </summary>
[Experiment("cityscapes", Suite = "cityscapes")]
[Model(nameof(Network)), Data(nameof(Scenes)), Objective(nameof(Objective)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Strategy("horovod", nameof(Horovod))]
[Strategy("daso", nameof(Daso))]
[Strategy("none", nameof(None))]
[Seeds(1), Epochs(175), Target("miou", AtLeast = 0.8)]
[Tier("tiny", Epochs = 2)]
public sealed partial class CityScapesSegmentation
{
    /// <summary>CityScapes' folder, with leftImg8bit and gtFine.</summary>
    [Params("cityscapes", Option = "data")]
    public string DataFolder { get; init; } = "";

    /// <summary>Which network.</summary>
    [Params(SegmentationNetwork.HrNetOcr)]
    public SegmentationNetwork Architecture { get; init; }

    /// <summary>Channels of HRNet's finest branch.</summary>
    [Params(48), TierParams("tiny", 16)]
    public int Width { get; init; }

    /// <summary>Weights to start from, a safetensors file under the network's names; none: freshly drawn.</summary>
    [Params("")]
    public string Weights { get; init; } = "";

    /// <summary>Images a rank and step.</summary>
    [Params(1, Option = "batch")]
    public int BatchPerRank { get; init; }

    /// <summary>Rows of a scene.</summary>
    [Params(1024), TierParams("tiny", 64)]
    public int SceneHeight { get; init; }

    /// <summary>Columns of a scene.</summary>
    [Params(2048), TierParams("tiny", 128)]
    public int SceneWidth { get; init; }

    /// <summary>Rows of a training image; 512 in HRNet's own recipe.</summary>
    [Params(1024), TierParams("tiny", 48)]
    public int CropHeight { get; init; }

    /// <summary>Columns of a training image; 1024 in HRNet's own recipe.</summary>
    [Params(2048), TierParams("tiny", 96)]
    public int CropWidth { get; init; }

    /// <summary>The smallest scale of a scene before it is cropped.</summary>
    [Params(0.5)]
    public double MinimumScale { get; init; }

    /// <summary>The largest scale.</summary>
    [Params(2.0)]
    public double MaximumScale { get; init; }

    /// <summary>Threads of each rank that decode images.</summary>
    [Params(4), TierParams("tiny", 1)]
    public int DecodeThreads { get; init; }

    /// <summary>What the loss is made of.</summary>
    [Params(SegmentationLoss.RegionMutualInformation)]
    public SegmentationLoss LossFunction { get; init; }

    /// <summary>What the auxiliary loss is multiplied by.</summary>
    [Params(0.4)]
    public double AuxiliaryWeight { get; init; }

    /// <summary>The learning rate after the warm-up, whatever the number of ranks.</summary>
    [Params(0.4), TierParams("tiny", 0.02)]
    public double BaseRate { get; init; }

    /// <summary>Epochs in which the learning rate rises linearly.</summary>
    [Params(5), TierParams("tiny", 1)]
    public int RateWarmup { get; init; }

    /// <summary>What the learning rate is multiplied by when the training loss has plateaued.</summary>
    [Params(0.75)]
    public double RateFactor { get; init; }

    /// <summary>Epochs without a better training loss that are borne before.</summary>
    [Params(5)]
    public int RatePatience { get; init; }

    /// <summary>Relative decrease of the training loss that counts as better, for the learning rate.</summary>
    [Params(0.015)]
    public double RateThreshold { get; init; }

    /// <summary>DASO's largest number of batches from one global synchronisation to the next.</summary>
    [Params(4)]
    public int MaxGlobalSkips { get; init; }

    /// <summary>DASO's blocking epochs at the start.</summary>
    [Params(4), TierParams("tiny", 1)]
    public int DasoWarmup { get; init; }

    /// <summary>DASO's blocking epochs at the end.</summary>
    [Params(5), TierParams("tiny", 0)]
    public int DasoCooldown { get; init; }

    private ModelSpec Network => Weights.Length == 0 ? Fresh : new PretrainedSpec { Network = Fresh, File = Weights };

    private ModelSpec Fresh => Architecture switch
    {
        SegmentationNetwork.DeepLabV3 => new DeepLabSpec { Depth = 50, Classes = CityScapesImages.Classes },
        SegmentationNetwork.DeepLabV3Plus => new DeepLabSpec { Version = DeepLabVersion.V3Plus, Depth = 101, Classes = CityScapesImages.Classes },
        _ => new HrNetSpec
        {
            Classes = CityScapesImages.Classes,
            Width = Width,
            ObjectContext = Architecture == SegmentationNetwork.HrNetOcr,
        },
    };

    private DataSpec Scenes => new CityScapesImages
    {
        Folder = DataFolder,
        BatchPerRank = BatchPerRank,
        Height = SceneHeight,
        Width = SceneWidth,
        CropHeight = CropHeight,
        CropWidth = CropWidth,
        MinimumScale = MinimumScale,
        MaximumScale = MaximumScale,
        DecodeThreads = DecodeThreads,
    };

    private ObjectiveSpec Objective => new SegmentationSpec
    {
        Classes = CityScapesImages.Classes,
        LossFunction = LossFunction,
        AuxiliaryWeight = AuxiliaryWeight,
    };

    private OptimizerSpec Sgd => new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4);

    private LearningRateSpec Rate => new WarmupPlateauSpec
    {
        BaseRate = BaseRate,
        WarmupEpochs = RateWarmup,
        Factor = RateFactor,
        Patience = RatePatience,
        Threshold = RateThreshold,
    };

    private StrategySpec Ddp => new DdpSpec();

    // As the authors' script: fp16 compression, the mean by a division afterwards.
    private StrategySpec Horovod => new HorovodSpec { Wire = WireFormat.Float16 };

    private StrategySpec Daso => new DasoSpec
    {
        Schedule = new DasoSettings
        {
            MaxGlobalSkips = MaxGlobalSkips,
            WarmupEpochs = DasoWarmup,
            CooldownEpochs = DasoCooldown,
            Stability = 0.05,
        },
    };

    private StrategySpec None => new NoCommunicationSpec();
}
