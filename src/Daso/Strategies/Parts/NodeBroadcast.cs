using Daso.Communication;
using Daso.Models;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>
/// Gives a node's ranks what a synchronisation between nodes has changed: whole tensors from the rank that was on duty, or with sharded
/// duty every rank's slice from its owner, all at once and in place.
/// </summary>
/// <param name="node">The node's ranks.</param>
/// <param name="timer">Measures a span of <see cref="SpanKind.LocalSync"/>.</param>
/// <param name="tensors">What is given, the same on every rank.</param>
/// <param name="isSharded">Whether local rank i owns <see cref="Slice"/> i of every tensor; else one rank owns all of them.</param>
public sealed class NodeBroadcast(ICommunicator node, StepTimer timer, IReadOnlyList<FlatTensor> tensors, bool isSharded)
{
    private readonly int _slices = isSharded ? node.Size : 1;
    private readonly PendingOperation[] _pending = new PendingOperation[tensors.Count * (isSharded ? node.Size : 1)];

    /// <summary>Elements of the nearly equal slice <paramref name="index"/> of <paramref name="count"/>; may be none.</summary>
    public static FlatRange Slice(int length, int index, int count)
    {
        int start = (int)((long)length * index / count);
        return new FlatRange(start, (int)((long)length * (index + 1) / count) - start);
    }

    /// <summary>Sends and receives.</summary>
    /// <param name="onDuty">Without sharded duty: the local rank whose tensors all get.</param>
    public void Share(int onDuty)
    {
        if (node.Size == 1)
            return;
        SpanMark start = timer.Mark();
        for (int i = 0; i < _pending.Length; i++)
        {
            (FlatTensor tensor, FlatRange range, int root) = Part(i, onDuty);
            if (range.Length == 0)
                continue;
            _pending[i] = node.StartBroadcast(tensor.Range(range.Offset, range.Length), root);
        }

        OperationKey? last = null;
        for (int i = 0; i < _pending.Length; i++)
        {
            if (Part(i, onDuty).Range.Length == 0)
                continue;
            _pending[i].WaitOnStream();
            last = _pending[i].Key();
        }

        timer.End(SpanKind.LocalSync, start, 0, last);
    }

    private (FlatTensor Tensor, FlatRange Range, int Root) Part(int index, int onDuty)
    {
        FlatTensor tensor = tensors[index / _slices];
        int slice = index % _slices;
        return (tensor, Slice(tensor.Length, slice, _slices), isSharded ? slice : onDuty);
    }
}
