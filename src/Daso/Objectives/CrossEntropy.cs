using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>Mean cross entropy over all targets, in nats.</summary>
public sealed record CrossEntropy : Metric
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
        Tensor wanted = targets.view(-1);
        Tensor loss = nn.functional.cross_entropy(outputs.view(-1, outputs.shape[^1]), wanted, reduction: nn.Reduction.Sum);
        sums[0] += loss.item<float>();
        sums[1] += wanted.numel();
    }
}
