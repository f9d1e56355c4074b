using Daso.Models;
using Daso.Specification;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>Mean cross entropy over all pixels that have a class, in nats.</summary>
public sealed record PixelCrossEntropy : Metric
{
    /// <inheritdoc />
    public override string Name => "loss";

    /// <inheritdoc />
    public override string Title => "Loss on held-out data";

    /// <inheritdoc />
    public override string Unit => "cross-entropy (nats)";

    /// <inheritdoc />
    public override TargetDirection Better => TargetDirection.AtMost;

    /// <inheritdoc />
    public override void Add(Tensor outputs, Tensor targets, Span<double> sums)
    {
        sums[0] += Sum(outputs, targets).item<float>();
        sums[1] += targets.ne(Pixels.Ignored).sum().item<long>();
    }

    /// <summary>The loss of a batch: 0 of one in which no pixel has a class.</summary>
    internal static Tensor Mean(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor counted = targets.ne(Pixels.Ignored).sum().to(ScalarType.Float32).clamp_(Scalars.One);
        return Sum(logits, targets).div(counted).MoveToOuterDisposeScope();
    }

    private static Tensor Sum(Tensor logits, Tensor targets) =>
        nn.functional.cross_entropy(logits, targets, ignore_index: SegmentationSpec.Ignored, reduction: nn.Reduction.Sum);
}

/// <summary>What the measures of segmentation have in common.</summary>
internal static class Pixels
{
    /// <summary>The target that counts nowhere, for libtorch.</summary>
    internal static readonly Scalar Ignored = SegmentationSpec.Ignored.ToScalar();
}
