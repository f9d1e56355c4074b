using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>The share of targets among the model's first five guesses; of fewer than five classes it is 1.</summary>
public sealed record TopFiveAccuracy : Metric
{
    /// <inheritdoc />
    public override string Name => "top5";

    /// <inheritdoc />
    public override string Title => "Top-5 accuracy on held-out data";

    /// <inheritdoc />
    public override string Unit => Guesses.Unit;

    /// <inheritdoc />
    public override TargetDirection Better => TargetDirection.AtLeast;

    /// <inheritdoc />
    public override double Largest => 1;

    /// <inheritdoc />
    public override void Add(Tensor outputs, Tensor targets, Span<double> sums)
    {
        sums[0] += Guesses.Hits(outputs, targets).sum().item<long>();
        sums[1] += targets.numel();
    }
}
