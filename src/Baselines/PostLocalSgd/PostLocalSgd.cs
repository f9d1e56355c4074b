using Daso.Communication;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="PostLocalSgdSpec"/> and <see cref="HierarchicalAveragingSpec"/>. Steps count from 0. Momentum and batch
/// norm's statistics stay each rank's own.
/// </summary>
/// <param name="context">What is trained.</param>
/// <param name="warmupSteps">Steps in which gradients are averaged over all ranks.</param>
/// <param name="averagesInNode">Whether they are averaged inside the node afterwards.</param>
/// <param name="bucketBytes">A bucket's cap.</param>
/// <param name="groups">Communicators of the strategy's own.</param>
/// <param name="due">What is averaged at the end of a step after the start; null: nothing.</param>
internal sealed class PostLocalSgd(
    StrategyContext context,
    int warmupSteps,
    bool averagesInNode,
    long bucketBytes,
    IReadOnlyList<ICommunicator> groups,
    Func<long, RangeReduction?> due) : IStrategy
{
    private readonly GradientAverager _world =
        new(context.Replica, context.Ranks.World, bucketBytes, Math.Min(1 << 20, bucketBytes));

    private readonly NodeGradients? _node = averagesInNode ? new NodeGradients(context, bucketBytes) : null;
    private long _step;

    private bool IsWarmingUp => _step < warmupSteps;

    public void PartReady(int part)
    {
        if (IsWarmingUp)
            _world.PartReady(part);
        else
            _node?.PartReady(part);
    }

    public void BackwardDone()
    {
        if (IsWarmingUp)
        {
            SpanMark start = context.Timer.Mark();
            long bytes = _world.Finish();
            context.Timer.End(SpanKind.GlobalWait, start, bytes, _world.LastOperation);
        }
        else
        {
            _node?.Finish();
        }
    }

    public void OptimizerStepped()
    {
        if (!IsWarmingUp && due(_step) is RangeReduction average)
        {
            SpanMark start = context.Timer.Mark();
            long bytes = average.Run(ReduceOperation.Mean);
            context.Timer.End(SpanKind.GlobalWait, start, bytes, average.LastOperation);
        }

        _step++;
    }

    public void Save(BinaryWriter writer) => writer.Write(_step);

    public void Load(BinaryReader reader) => _step = reader.ReadInt64();

    public void Dispose()
    {
        foreach (ICommunicator group in groups)
            group.Dispose();
    }
}
