using System.Numerics.Tensors;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>
/// DASO's exchange of parameters over one global group: as a mean that is waited for at once, or as a sum that is merged some batches
/// later. At most one sum is in flight; a second send may start before it is merged.
/// </summary>
/// <remarks>
/// A 16-bit format keeps 8 or 11 bits of a parameter, so that updates smaller than its last bit would be lost with every blocking
/// synchronisation. With a master copy the ranks therefore send their change since the last blocking synchronisation, when all ranks
/// were equal, and add the mean change to that float32 copy: x := m + (1/N)·Σ (x_i − m).
/// </remarks>
internal sealed class ParameterSynchronisation : IDisposable
{
    private readonly Replica _replica;
    private readonly ICommunicator _group;
    private readonly IRecorder _recorder;
    private readonly FlatTensor? _master;
    private readonly Queue<Message> _underWay = new(2);
    private readonly Stack<Message> _free = new(2);

    internal ParameterSynchronisation(Replica replica, ICommunicator group, IRecorder recorder, int chunkElements, bool keepsMaster)
    {
        _replica = replica;
        _group = group;
        _recorder = recorder;
        _free.Push(new Message(replica, chunkElements));
        _free.Push(new Message(replica, chunkElements));
        if (keepsMaster)
        {
            _master = new FlatTensor(replica.Parameters.Length, replica.Device);
            SetMaster();
        }
    }

    /// <summary>Starts the sum of the members' parameters.</summary>
    /// <param name="wire">How they travel.</param>
    /// <param name="wait">Batches until it is merged.</param>
    internal void SendForMerge(WireFormat wire, int wait) => Send(ReduceOperation.Sum, wire, wait);

    /// <summary>Starts the mean of the members' parameters.</summary>
    internal void SendForMean(WireFormat wire) => Send(ReduceOperation.Mean, wire, wait: 0);

    /// <summary>Waits for the mean that was just started and takes it.</summary>
    internal void TakeMean()
    {
        Message mean = Receive();
        using var _ = no_grad();
        if (mean.IsChange)
            _replica.Parameters.Tensor.copy_(_master!.Tensor).add_(mean.Values.Tensor);
        else
            _replica.Parameters.Tensor.copy_(mean.Values.Tensor);
    }

    /// <summary>
    /// Waits for the sum in flight and merges it (the paper's equation 1): x := (2·S·x + Σ x_i) / (2·S + N), with S the batches waited and
    /// N the members; the weight is 1 in place of 2·S where S = 0, as in the reference.
    /// </summary>
    internal void Merge()
    {
        Message sum = Receive();
        long startNs = _recorder.NowNs;
        float own = sum.Wait == 0 ? 1 : 2 * sum.Wait;
        float all = own + _group.Size;
        using (no_grad())
            _replica.Parameters.Tensor.mul_(own / all).add_(sum.Values.Tensor, alpha: 1 / all);
        _recorder.Span(SpanKind.Merge, startNs, _recorder.NowNs - startNs);
    }

    /// <summary>Remembers the parameters as those on which all ranks agree.</summary>
    internal void SetMaster()
    {
        using var _ = no_grad();
        _master?.Tensor.copy_(_replica.Parameters.Tensor);
    }

    /// <summary>Writes the master copy and the sum in flight, which is waited for.</summary>
    internal void Save(BinaryWriter writer)
    {
        if (_master is not null)
            _master.Save(writer);
        writer.Write(_underWay.Count);
        foreach (Message message in _underWay)
        {
            writer.Write(message.Complete());
            writer.Write(message.Wait);
            message.Values.Save(writer);
        }
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        if (_master is not null)
            _master.Load(reader);
        for (int count = reader.ReadInt32(); count > 0; count--)
        {
            Message message = _free.Pop();
            message.Bytes = reader.ReadInt64();
            message.Wait = reader.ReadInt32();
            message.Values.Load(reader);
            _underWay.Enqueue(message);
        }
    }

    public void Dispose()
    {
        foreach (Message message in _underWay.Concat(_free))
            message.Values.Dispose();
        _master?.Dispose();
    }

    private void Send(ReduceOperation operation, WireFormat wire, int wait)
    {
        long startNs = _recorder.NowNs;
        Message message = _free.Pop();
        message.Wait = wait;
        message.IsChange = wire != WireFormat.Float32 && _master is not null;
        using (no_grad())
        {
            message.Values.Tensor.copy_(_replica.Parameters.Tensor);
            if (message.IsChange)
                message.Values.Tensor.sub_(_master!.Tensor);
        }

        message.Values.ToHost(0, message.Values.Length);
        ThrowIfNotFinite(message.Values.Host.Span);
        message.Start(_group, operation, wire);
        _underWay.Enqueue(message);
        _recorder.Span(SpanKind.GlobalSend, startNs, _recorder.NowNs - startNs);
    }

    /// <summary>Waits for the oldest message; it is free again once the caller has used it, before the next send.</summary>
    private Message Receive()
    {
        Message message = _underWay.Dequeue();
        long startNs = _recorder.NowNs;
        long bytes = message.Complete();
        _recorder.Span(SpanKind.GlobalWait, startNs, _recorder.NowNs - startNs, bytes);
        _free.Push(message);
        return message;
    }

    private void ThrowIfNotFinite(ReadOnlySpan<float> values)
    {
        if (float.IsFinite(TensorPrimitives.SumOfMagnitudes(values)))
            return;
        foreach (ParameterRange range in _replica.ParameterRanges)
        {
            foreach (float value in values.Slice(range.Offset, range.Length))
            {
                if (!float.IsFinite(value))
                    throw new InvalidOperationException($"parameter {range.Name} is {value}: training has diverged; lower the learning rate");
            }
        }
    }

    /// <summary>A copy of the parameters on its way, in messages of at most a chunk.</summary>
    private sealed class Message
    {
        private readonly PendingOperation[] _chunks;
        private readonly int _chunkElements;
        private bool _isStarted;

        internal Message(Replica replica, int chunkElements)
        {
            Values = new FlatTensor(replica.Parameters.Length, replica.Device);
            _chunkElements = chunkElements;
            _chunks = new PendingOperation[(Values.Length + chunkElements - 1) / chunkElements];
        }

        internal FlatTensor Values { get; }

        internal int Wait { get; set; }

        /// <summary>What <see cref="Complete"/> returns once the message has arrived.</summary>
        internal long Bytes { get; set; }

        /// <summary>Whether the values are changes since the master copy.</summary>
        internal bool IsChange { get; set; }

        /// <summary>Starts all chunks: the remainder first, then the full ones, as the reference does.</summary>
        internal void Start(ICommunicator group, ReduceOperation operation, WireFormat wire)
        {
            int offset = 0;
            for (int i = 0; i < _chunks.Length; i++)
            {
                int length = i == 0 ? Values.Length - ((_chunks.Length - 1) * _chunkElements) : _chunkElements;
                _chunks[i] = group.StartAllReduce(Values.Host.Slice(offset, length), operation, wire);
                offset += length;
            }

            Bytes = 0;
            _isStarted = true;
        }

        /// <summary>Waits for all chunks, if none has done so. Returns the bytes booked on this rank.</summary>
        internal long Complete()
        {
            if (!_isStarted)
                return Bytes;
            foreach (PendingOperation chunk in _chunks)
                Bytes += chunk.Wait();
            Values.FromHost(0, Values.Length);
            _isStarted = false;
            return Bytes;
        }
    }
}
