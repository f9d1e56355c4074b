using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// Averages gradients inside the node in every step, as DASO, SlowMo and DiLoCo on nodes have it: a <see cref="GradientAverager"/> over the
/// node's ranks, whose rest is recorded as <see cref="SpanKind.LocalSync"/>. With one rank a node there is nothing to do.
/// </summary>
/// <param name="context">The replica, the node and the timer.</param>
/// <param name="bucketBytes">A bucket's cap; the first one's is at most 1 MiB.</param>
public sealed class NodeGradients(StrategyContext context, long bucketBytes = 25 << 20)
{
    private readonly GradientAverager _averager =
        new(context.Replica, context.Ranks.Node, bucketBytes, Math.Min(1 << 20, bucketBytes));

    /// <summary>Starts the buckets that are complete; see <see cref="IStrategy"/>.</summary>
    public void PartReady(int part) => _averager.PartReady(part);

    /// <summary>Starts what is left of the gradients and waits for all of them: call it when backward is done.</summary>
    public void Finish()
    {
        SpanMark start = context.Timer.Mark();
        _averager.Finish();
        context.Timer.End(SpanKind.LocalSync, start, 0, _averager.LastOperation);
    }
}
