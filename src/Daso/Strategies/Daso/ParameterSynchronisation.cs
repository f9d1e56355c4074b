using Daso.Cluster;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Timing;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>
/// DASO's exchange of a flat tensor, or of a slice of it, over one global group: as a mean that is waited for at once, or as a sum that
/// is merged some batches later. At most one sum is in flight; a second send may start before it is merged.
/// </summary>
/// <remarks>
/// A 16-bit format keeps 8 or 11 bits of a parameter, so that updates smaller than its last bit would be lost. With a master copy m of
/// the parameters on which all ranks last agreed, the ranks send their change since then: Σ x_i = N·m + Σ (x_i − m).
/// </remarks>
internal sealed class ParameterSynchronisation : IDisposable
{
    private readonly IReadOnlyList<ParameterRange> _names;
    private readonly string _what;
    private readonly FlatRange _slice;
    private readonly Tensor _target;
    private readonly ICommunicator _group;
    private readonly StepTimer _timer;
    private readonly RankFailure _failure;
    private readonly PayloadFormat _blocking;
    private readonly PayloadFormat _cycling;
    private readonly DasoSpec _spec;
    private readonly MasterCopy? _master;
    private readonly ErrorFeedback? _feedback;
    private readonly MagnitudeProbe? _probe;
    private float _limit;
    private WireFormat _sentIn = WireFormat.Float32;
    private readonly Queue<SynchronisationMessage> _underWay = new(2);
    private readonly Stack<SynchronisationMessage> _free = new(2);

    /// <summary>Prepares the exchange.</summary>
    /// <param name="spec">Chunks and the staleness factor.</param>
    /// <param name="context">The replica, whose order the tensor has; the global group; the timer.</param>
    /// <param name="tensor">What is synchronised.</param>
    /// <param name="what">What errors call an element of it, for example "parameter".</param>
    /// <param name="slice">The elements that this rank exchanges; the same in the whole group.</param>
    /// <param name="blocking">The payload of the blocking phases.</param>
    /// <param name="cycling">The payload of the cycling phase.</param>
    internal ParameterSynchronisation(
        DasoSpec spec,
        StrategyContext context,
        FlatTensor tensor,
        string what,
        FlatRange slice,
        PayloadFormat blocking,
        PayloadFormat cycling)
    {
        _names = context.Replica.ParameterRanges;
        _what = what;
        _slice = slice;
        _target = tensor.Tensor.narrow(0, slice.Offset, slice.Length).DetachFromDisposeScope();
        _group = context.Ranks.Global;
        _timer = context.Timer;
        _failure = context.Ranks.Failure;
        _blocking = blocking;
        _cycling = cycling;
        _spec = spec;
        for (int i = 0; i < 2; i++)
        {
            _free.Push(new SynchronisationMessage(
                slice.Length, context.Replica.Device, _group, spec.ChunkElements, keepsOwn: cycling.Merge == DasoMerge.Differences));
        }

        _probe = _free.Peek().Values.CreateProbe();
        if (cycling.HasFeedback)
            _feedback = new ErrorFeedback(slice.Length, context.Replica.Device);
        if (blocking.IsChange || cycling.IsChange)
            _master = new MasterCopy(tensor, slice);
    }

    /// <summary>The master copy and what rounding has dropped, where they are kept.</summary>
    internal IEnumerable<(string Name, FlatTensor Values)> State
    {
        get
        {
            if (_master is not null)
                yield return ($"master copy of {_what}", _master.Values);
            if (_feedback is not null)
                yield return ($"rest of {_what}", _feedback.Dropped);
        }
    }

    /// <summary>Whether the results of all that was sent are there.</summary>
    internal bool IsDone
    {
        get
        {
            foreach (SynchronisationMessage message in _underWay)
            {
                if (!message.IsDone)
                    return false;
            }

            return true;
        }
    }

    /// <summary>How long the last result was waited for, in nanoseconds.</summary>
    internal long WaitedNs { get; private set; }

    /// <summary>Starts the sum of the members' values.</summary>
    /// <param name="isCycling">Which phase's payload.</param>
    internal void SendForMerge(bool isCycling) => Send(ReduceOperation.Sum, isCycling ? _cycling : _blocking);

    /// <summary>Starts the mean of the members' values.</summary>
    /// <param name="isCycling">Which phase's payload.</param>
    internal void SendForMean(bool isCycling) => Send(ReduceOperation.Mean, isCycling ? _cycling : _blocking);

    /// <summary>Waits for the mean that was just started and takes it.</summary>
    internal void TakeMean()
    {
        SynchronisationMessage mean = Receive();
        using var _ = no_grad();
        if (mean.IsChange)
            _target.copy_(_master!.Values.Tensor).add_(mean.Values.Tensor, Scalars.One);
        else
            _target.copy_(mean.Values.Tensor);
    }

    /// <summary>Waits for the sum in flight and merges it.</summary>
    /// <param name="wait">S: the batches waited.</param>
    internal void Merge(int wait)
    {
        SynchronisationMessage sum = Receive();
        SpanMark start = _timer.Mark();
        if (sum.Own is null)
            MergeWeighted(sum, wait);
        else
            MergeDifference(sum.Values.Tensor, sum.Own.Tensor);
        _timer.End(SpanKind.Merge, start);
    }

    /// <summary>
    /// The paper's equation 1: x := (f·S·x + Σ x_i) / (f·S + N), with N the members and f·S the weight of <see cref="DasoSpec.OwnWeight"/>.
    /// </summary>
    private void MergeWeighted(SynchronisationMessage sum, int wait)
    {
        float own = _spec.OwnWeight(wait);
        float all = own + _group.Size;
        using (no_grad())
        using (Scalar ownShare = (own / all).ToScalar(), share = (1 / all).ToScalar(), agreedShare = (_group.Size / all).ToScalar())
        {
            _target.mul_(ownShare).add_(sum.Values.Tensor, alpha: share);
            if (sum.IsChange)
                _target.add_(_master!.Values.Tensor, alpha: agreedShare);
        }
    }

    /// <summary>x := x + (1/N)·Σ x_i − x_own; the same of changes, whose master copy all have.</summary>
    private void MergeDifference(Tensor sum, Tensor own)
    {
        using var _ = no_grad();
        using Scalar share = (1f / _group.Size).ToScalar();
        _target.add_(sum, alpha: share).add_(own, Scalars.MinusOne);
    }

    /// <summary>Remembers the values as those on which all ranks agree.</summary>
    internal void SetMaster() => _master?.Set();

    /// <summary>
    /// Fails where the values of the last send were no numbers. On a device that is asked for with the send and seen here, a step later: the
    /// rank has not waited for the number meanwhile.
    /// </summary>
    internal void CheckSent()
    {
        if (_probe is not { IsAsked: true })
            return;
        (float value, int index) = _probe.Take();
        if (!(MathF.Abs(value) < _limit))
            Fail(value, index);
    }

    /// <summary>Writes the master copy, what rounding has dropped, and the sum in flight, which is waited for.</summary>
    internal void Save(BinaryWriter writer)
    {
        CheckSent();
        _master?.Save(writer);
        _feedback?.Save(writer);
        writer.Write(_underWay.Count);
        foreach (SynchronisationMessage message in _underWay)
            message.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        _master?.Load(reader);
        _feedback?.Load(reader);
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            SynchronisationMessage message = _free.Pop();
            message.Load(reader);
            _underWay.Enqueue(message);
        }
    }

    /// <summary>
    /// Frees the memory. That of a sum in flight stays with the operation, for the garbage collector: training may end between send and
    /// merge, and other ranks still read and write it.
    /// </summary>
    public void Dispose()
    {
        foreach (SynchronisationMessage message in _free)
            message.Dispose();
        _master?.Dispose();
        _feedback?.Dispose();
        _probe?.Dispose();
        _target.Dispose();
    }

    private void Send(ReduceOperation operation, PayloadFormat format)
    {
        SpanMark start = _timer.Mark();
        SynchronisationMessage message = _free.Pop();
        message.IsChange = format.IsChange;
        if (format.IsChange)
        {
            _master!.TakeChange(message.Values);
        }
        else
        {
            using var _ = no_grad();
            message.Values.Tensor.copy_(_target);
        }

        if (format.HasFeedback)
            _feedback!.Round(message.Values, format.Wire);
        FailIfNotFinite(message.Values, format.Wire);
        message.Start(operation, format.Wire);
        _underWay.Enqueue(message);
        _timer.End(SpanKind.GlobalSend, start, 0, message.Operation);
    }

    /// <summary>Waits for the oldest message; it is free again once the caller has used it, before the next send.</summary>
    private SynchronisationMessage Receive()
    {
        SynchronisationMessage message = _underWay.Dequeue();
        SpanMark start = _timer.Mark();
        long from = ProcessClock.NowNs;
        long bytes = message.Finish();
        WaitedNs = ProcessClock.NowNs - from;
        _timer.End(SpanKind.GlobalWait, start, bytes, message.Operation);
        _free.Push(message);
        return message;
    }

    private void FailIfNotFinite(FlatTensor message, WireFormat wire)
    {
        CheckSent();
        _sentIn = wire;
        _limit = wire.RoundsToInfinityFrom;
        if (_probe is not null)
        {
            _probe.Ask(message.Tensor);
            return;
        }

        if (message.MaxMagnitude() < _limit)
            return;
        ReadOnlySpan<float> values = message.Host.Span;
        int index = 0;
        while (MathF.Abs(values[index]) < _limit)
            index++;
        Fail(values[index], index);
    }

    private void Fail(float value, int index)
    {
        int element = _slice.Offset + index;
        string name = _names.First(range => element < range.Offset + range.Length).Name;
        string reason = float.IsFinite(value)
            ? $"more than {_sentIn} holds; take another wire format"
            : "training has diverged; lower the learning rate";
        _failure.Note(new InvalidOperationException(FormattableString.Invariant($"{_what} {name} is {value}: {reason}")));
    }
}
