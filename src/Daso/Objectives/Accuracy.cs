using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>The share of targets that are the model's first guess.</summary>
public sealed record Accuracy : Metric
{
    /// <inheritdoc />
    public override string Name => "accuracy";

    /// <inheritdoc />
    public override string Title => "Accuracy on held-out data";

    /// <inheritdoc />
    public override string Unit => Guesses.Unit;

    /// <inheritdoc />
    public override TargetDirection Better => TargetDirection.AtLeast;

    /// <inheritdoc />
    public override double Largest => 1;

    /// <inheritdoc />
    public override void Add(Tensor outputs, Tensor targets, Span<double> sums)
    {
        sums[0] += Guesses.Hits(outputs, targets).narrow(1, 0, 1).sum().item<long>();
        sums[1] += targets.numel();
    }
}
