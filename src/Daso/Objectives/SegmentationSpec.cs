using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>What a segmentation network's loss is made of.</summary>
public enum SegmentationLoss
{
    /// <summary>Cross entropy of each pixel.</summary>
    CrossEntropy,

    /// <summary>Half binary cross entropy of each pixel and class, half region mutual information (<see cref="RegionMutualInformation"/>).</summary>
    RegionMutualInformation,
}

/// <summary>
/// Tells the class of each pixel. Outputs are logits float32 [B, Classes, H, W], or, from a network with an auxiliary head, in training
/// [B, 2 · Classes, H, W], the auxiliary ones last; targets int64 [B, H, W], of which 255 counts nowhere. The auxiliary loss is always cross
/// entropy.
/// </summary>
[Specification("segmentation")]
public sealed partial record SegmentationSpec : ObjectiveSpec
{
    /// <summary>The target of a pixel that counts nowhere.</summary>
    public const int Ignored = 255;

    /// <summary>Classes to tell apart.</summary>
    [AtLeast(1), AtMost(Ignored)]
    public required int Classes { get; init; }

    /// <summary>What the loss is made of.</summary>
    public SegmentationLoss LossFunction { get; init; } = SegmentationLoss.CrossEntropy;

    /// <summary>What the auxiliary loss is multiplied by before it is added.</summary>
    [AtLeast(0)]
    public double AuxiliaryWeight { get; init; } = 0.4;

    /// <inheritdoc />
    public override IReadOnlyList<Metric> Metrics => [new PixelCrossEntropy(), new MeanIntersectionOverUnion(Classes), new PixelAccuracy()];

    /// <inheritdoc />
    public override Tensor Loss(Tensor outputs, Tensor targets)
    {
        if (outputs.shape[1] == Classes)
            return MainLoss(outputs, targets);
        using Tensor main = outputs.narrow(1, 0, Classes);
        using Tensor auxiliary = outputs.narrow(1, Classes, Classes);
        using Tensor mainLoss = MainLoss(main, targets);
        using Tensor auxiliaryLoss = PixelCrossEntropy.Mean(auxiliary, targets);
        using Tensor weight = tensor((float)AuxiliaryWeight, device: outputs.device);
        using Tensor weighted = auxiliaryLoss.mul(weight);
        return mainLoss.add(weighted, Models.Scalars.One);
    }

    private Tensor MainLoss(Tensor logits, Tensor targets) => LossFunction == SegmentationLoss.CrossEntropy
        ? PixelCrossEntropy.Mean(logits, targets)
        : RegionMutualInformation.Loss(logits, targets);
}
