using Daso.Communication;
using Daso.Models;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// Gives all ranks of a group batch norm's running statistics of its rank 0: what PyTorch's DistributedDataParallel does before a forward
/// (broadcast_buffers, on by default). Training does not read the statistics, evaluation does.
/// </summary>
/// <param name="replica">Whose statistics.</param>
/// <param name="group">The ranks that agree on them.</param>
/// <param name="timer">Measures a span of <see cref="SpanKind.Buffers"/>.</param>
public sealed class BufferBroadcast(Replica replica, ICommunicator group, StepTimer timer)
{
    private readonly FlatTensor _statistics = replica.Statistics;

    /// <summary>Sends or receives them, and waits; nothing to do for a model without statistics or a group of one.</summary>
    public void Run()
    {
        if (group.Size == 1 || _statistics.Length == 0)
            return;
        SpanMark start = timer.Mark();
        PendingOperation broadcast = group.StartBroadcast(_statistics.All, root: 0);
        timer.End(SpanKind.Buffers, start, broadcast.WaitOnStream(), broadcast.Key());
    }
}
