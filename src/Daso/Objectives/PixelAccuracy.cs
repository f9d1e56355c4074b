using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>The share of pixels with a class whose class is the network's first guess.</summary>
public sealed record PixelAccuracy : Metric
{
    /// <inheritdoc />
    public override string Name => "accuracy";

    /// <inheritdoc />
    public override string Title => "Accuracy of pixels on held-out data";

    /// <inheritdoc />
    public override string Unit => "share of pixels (1 = all)";

    /// <inheritdoc />
    public override TargetDirection Better => TargetDirection.AtLeast;

    /// <inheritdoc />
    public override double Largest => 1;

    /// <inheritdoc />
    public override void Add(Tensor outputs, Tensor targets, Span<double> sums)
    {
        sums[0] += outputs.argmax(1).eq(targets).sum().item<long>(); // no guess is 255
        sums[1] += targets.ne(Pixels.Ignored).sum().item<long>();
    }
}
