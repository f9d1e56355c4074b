using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Training;

/// <summary>
/// Cross entropy of classes or of next tokens. Logits are float32 [B, C] with targets int64 [B], or [B, T, C] with [B, T]; every target
/// counts alike.
/// </summary>
public static class CrossEntropyObjective
{
    private const int WidestRank = 5;

    /// <summary>The mean over all targets, to run backward from.</summary>
    /// <returns>A scalar.</returns>
    public static Tensor Loss(Tensor logits, Tensor targets)
    {
        using Tensor rows = logits.view(-1, logits.shape[^1]);
        using Tensor wanted = targets.view(-1);
        return nn.functional.cross_entropy(rows, wanted);
    }

    /// <summary>Sums over a batch's targets; builds no graph and leaves no tensor behind.</summary>
    public static EvaluationSums Evaluate(Tensor logits, Tensor targets)
    {
        using DisposeScope scope = NewDisposeScope();
        using var _ = no_grad();
        Tensor rows = logits.view(-1, logits.shape[^1]);
        Tensor wanted = targets.view(-1);
        Tensor loss = nn.functional.cross_entropy(rows, wanted, reduction: nn.Reduction.Sum);
        int widest = (int)Math.Min(WidestRank, rows.shape[1]);
        Tensor hits = rows.topk(widest).indexes.eq(wanted.unsqueeze(1));
        return new EvaluationSums(
            loss.item<float>(),
            hits.narrow(1, 0, 1).sum().item<long>(),
            hits.sum().item<long>(),
            wanted.numel());
    }
}

/// <summary>What an evaluation adds up; doubles, so that ranks can average them over the cluster.</summary>
/// <param name="Loss">Sum of the cross entropies in nats.</param>
/// <param name="Top1">Targets that got the highest logit.</param>
/// <param name="Top5">Targets among the five highest logits (all of them when there are fewer classes).</param>
/// <param name="Count">Targets.</param>
public readonly record struct EvaluationSums(double Loss, double Top1, double Top5, double Count)
{
    /// <summary>The sums of two batches together.</summary>
    public static EvaluationSums operator +(EvaluationSums left, EvaluationSums right) =>
        new(left.Loss + right.Loss, left.Top1 + right.Top1, left.Top5 + right.Top5, left.Count + right.Count);
}
