using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// The mean over a group at one bit an element, by the rules of DeepSpeed's compressed_allreduce, parameter by parameter. A worker sends
/// C(a + e), e := a + e − C(a + e), where C(x) = ‖x‖/√n·sign(x), sign(0) = 1. Rank j averages all ranks' j-th chunks, compresses the mean
/// with a rest of its own in the same way, and all gather the chunks. Parameters are padded with zeros to chunks of whole bytes. It is
/// calculated on the host.
/// </summary>
internal sealed class OneBitAverage : IDisposable
{
    private const int ScaleBytes = sizeof(float);

    private readonly ICommunicator _group;
    private readonly Part[] _parts;
    private readonly int _messageBytes;
    private readonly byte[] _sent;
    private readonly byte[] _received;
    private readonly Partition _messages;
    private readonly PendingOperation[] _pending;

    /// <param name="parameters">What is compressed for itself.</param>
    /// <param name="group">Over whom.</param>
    internal OneBitAverage(IReadOnlyList<ParameterRange> parameters, ICommunicator group)
    {
        _group = group;
        _parts = new Part[parameters.Count];
        int rest = 0;
        for (int i = 0; i < _parts.Length; i++)
        {
            int chunk = (int)Chunk(parameters[i].Length, group.Size);
            _parts[i] = new Part(parameters[i].Offset, parameters[i].Length, chunk, rest, _messageBytes);
            rest += chunk;
            _messageBytes += ScaleBytes + (chunk / 8);
        }

        _messageBytes = (int)BytesOfWords(_messageBytes);
        WorkerRest = new FlatTensor(checked(rest * group.Size), CPU);
        ServerRest = new FlatTensor(rest, CPU);
        _messages = new Partition(Enumerable.Repeat(_messageBytes, group.Size));
        _sent = new byte[_messages.Length];
        _received = new byte[_messages.Length];
        _pending = new PendingOperation[2 * (group.Size - 1)];
    }

    /// <summary>What this rank's compression has dropped: float32, the chunks of the first rank first; 0 at first.</summary>
    internal FlatTensor WorkerRest { get; }

    /// <summary>What the compression of the mean's chunk that it owns has dropped.</summary>
    internal FlatTensor ServerRest { get; }

    /// <summary>The last gather, for the span that waits for it.</summary>
    internal OperationKey? LastOperation { get; private set; }

    /// <summary>What an average costs, for the step-time model.</summary>
    internal static ProgramExchange[] Exchanges(ProgramScope scope)
    {
        IEnumerable<long> lengths = scope.Parameters?.Select(parameter => parameter.Elements) ?? [scope.Elements];
        long message = BytesOfWords(lengths.Sum(length => ScaleBytes + (Chunk(length, scope.Ranks) / 8))) / sizeof(float);
        return
        [
            new(ProgramGroup.World, message * scope.Ranks, WireFormat.Float32) { Collective = ProgramCollective.AllToAll },
            new(ProgramGroup.World, message, WireFormat.Float32) { Collective = ProgramCollective.AllGather },
        ];
    }

    /// <summary>Replaces the values by their mean as all ranks get it; one rank keeps its own. Returns the bytes booked on this rank.</summary>
    internal long Run(FlatTensor values)
    {
        if (_group.Size == 1)
            return 0;
        values.ToHost();
        Span<float> host = values.Host.Span;
        foreach (Part part in _parts)
            CompressOwn(part, host.Slice(part.Offset, part.Length));
        long bytes = Exchange();
        foreach (Part part in _parts)
            CompressMean(part);
        PendingOperation gather = _group.StartAllGather(_sent, _messages);
        bytes += gather.Wait();
        LastOperation = gather.Key();
        foreach (Part part in _parts)
            Decompress(part, host.Slice(part.Offset, part.Length));
        values.FromHost();
        return bytes;
    }

    /// <summary>Forgets what was dropped.</summary>
    internal void Reset()
    {
        WorkerRest.Host.Span.Clear();
        ServerRest.Host.Span.Clear();
    }

    internal void Save(BinaryWriter writer)
    {
        WorkerRest.Save(writer);
        ServerRest.Save(writer);
    }

    internal void Load(BinaryReader reader)
    {
        WorkerRest.Load(reader);
        ServerRest.Load(reader);
    }

    public void Dispose()
    {
        WorkerRest.Dispose();
        ServerRest.Dispose();
    }

    private void CompressOwn(Part part, ReadOnlySpan<float> values)
    {
        int ranks = _group.Size;
        Span<float> rest = WorkerRest.Host.Span.Slice(part.Rest * ranks, part.Chunk * ranks);
        TensorPrimitives.Add(rest[..values.Length], values, rest[..values.Length]);
        float scale = TensorPrimitives.Norm<float>(rest) / MathF.Sqrt(rest.Length);
        for (int rank = 0; rank < ranks; rank++)
            Pack(rest.Slice(rank * part.Chunk, part.Chunk), scale, Message(_sent, rank, part));
    }

    private long Exchange()
    {
        TensorRange sent = _sent, received = _received;
        int started = 0;
        for (int i = 1; i < _group.Size; i++)
        {
            int from = (_group.Rank + i) % _group.Size;
            _pending[started++] = _group.StartReceive(received.Slice(from * _messageBytes, _messageBytes), from);
        }

        for (int i = 1; i < _group.Size; i++)
        {
            int to = (_group.Rank + _group.Size - i) % _group.Size;
            _pending[started++] = _group.StartSend(sent.Slice(to * _messageBytes, _messageBytes), to);
        }

        int own = _group.Rank * _messageBytes;
        _sent.AsSpan(own, _messageBytes).CopyTo(_received.AsSpan(own));
        long bytes = 0;
        for (int i = 0; i < started; i++)
            bytes += _pending[i].Wait();
        return bytes;
    }

    private void CompressMean(Part part)
    {
        Span<float> mean = ServerRest.Host.Span.Slice(part.Rest, part.Chunk);
        for (int rank = 0; rank < _group.Size; rank++)
            Add(Message(_received, rank, part), 1f / _group.Size, mean);
        Pack(mean, TensorPrimitives.Norm<float>(mean) / MathF.Sqrt(mean.Length), Message(_sent, _group.Rank, part));
    }

    private void Decompress(Part part, Span<float> values)
    {
        values.Clear();
        for (int rank = 0; rank * part.Chunk < values.Length; rank++)
            Add(Message(_sent, rank, part), 1, values.Slice(rank * part.Chunk, Math.Min(part.Chunk, values.Length - (rank * part.Chunk))));
    }

    private Span<byte> Message(byte[] messages, int rank, Part part) =>
        messages.AsSpan((rank * _messageBytes) + part.Byte, ScaleBytes + (part.Chunk / 8));

    /// <summary>Writes the scale and the signs, a set bit for at least 0, and leaves what they drop in the values.</summary>
    private static void Pack(Span<float> values, float scale, Span<byte> message)
    {
        MemoryMarshal.Write(message, scale);
        Span<byte> signs = message[ScaleBytes..];
        for (int i = 0; i < signs.Length; i++)
        {
            Span<float> eight = values.Slice(8 * i, 8);
            int bits = 0;
            for (int j = 0; j < eight.Length; j++)
            {
                bool isPositive = eight[j] >= 0;
                bits |= isPositive ? 1 << j : 0;
                eight[j] -= isPositive ? scale : -scale;
            }

            signs[i] = (byte)bits;
        }
    }

    /// <summary>Adds a share of what a message holds.</summary>
    private static void Add(ReadOnlySpan<byte> message, float share, Span<float> values)
    {
        float scale = MemoryMarshal.Read<float>(message) * share;
        ReadOnlySpan<byte> signs = message[ScaleBytes..];
        for (int i = 0; i < values.Length; i++)
            values[i] += (signs[i / 8] >> (i % 8) & 1) == 0 ? -scale : scale;
    }

    /// <summary>A rank's chunk of a parameter: whole bytes, and a multiple of the ranks, as DeepSpeed pads it.</summary>
    private static long Chunk(long length, int ranks)
    {
        long unit = ranks * 8 / (int)BigInteger.GreatestCommonDivisor(ranks, 8);
        long whole = unit * ranks;
        return (length + whole - 1) / whole * unit;
    }

    private static long BytesOfWords(long bytes) => (bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);

    /// <summary>A parameter.</summary>
    /// <param name="Offset">In the flat tensor.</param>
    /// <param name="Length">Elements.</param>
    /// <param name="Chunk">Elements of a rank's chunk.</param>
    /// <param name="Rest">Where the chunk lies in the server's rest.</param>
    /// <param name="Byte">Where it lies in a message.</param>
    private readonly record struct Part(int Offset, int Length, int Chunk, int Rest, int Byte);
}
