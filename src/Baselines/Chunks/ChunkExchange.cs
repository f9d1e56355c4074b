using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Daso.Baselines;

/// <summary>
/// Each member sends the largest elements of every chunk of its values, all gather them, and an element becomes the mean of those that were
/// sent of it. What a member has sent it takes out of its values: what is left is added to its next ones.
/// </summary>
internal sealed class ChunkExchange : IDisposable
{
    private readonly ICommunicator _group;
    private readonly IChunkCodec _codec;
    private readonly bool _clipsToMedian;
    private readonly ParameterChunks[] _parameters;
    private readonly int[] _starts;
    private readonly byte[] _messages;
    private readonly Partition _parts;
    private readonly Device _device;

    /// <param name="context">The parameters.</param>
    /// <param name="group">The members.</param>
    /// <param name="shape">How they are cut, and how much is sent.</param>
    /// <param name="clipsToMedian">Whether what a member sent of a parameter is scaled down to the median of all members' norms of it.</param>
    internal ChunkExchange(StrategyContext context, ICommunicator group, ChunkSettings shape, bool clipsToMedian)
    {
        _group = group;
        _codec = shape.Codec;
        _clipsToMedian = clipsToMedian;
        _device = context.Replica.Device;
        _parameters = [.. context.Replica.ParameterRanges.Select(range =>
            new ParameterChunks(range, shape.Limit, shape.TopK, shape.IsTransformed, _device))];
        _starts = new int[_parameters.Length + 1];
        for (int i = 0; i < _parameters.Length; i++)
            _starts[i + 1] = checked(_starts[i] + (int)_codec.BytesFor(_parameters[i].Count * _parameters[i].Selected));
        _parts = new Partition(Enumerable.Repeat(ChunkSettings.Padded(_starts[^1]), group.Size));
        _messages = new byte[_parts.Length];
    }

    /// <summary>The last gather, for the span that waits for it.</summary>
    internal OperationKey? LastOperation { get; private set; }

    /// <summary>Exchanges. Returns the bytes booked on this rank.</summary>
    /// <param name="values">The member's own; what it sends is taken out.</param>
    /// <param name="mean">What all have sent.</param>
    internal long Run(FlatTensor values, FlatTensor mean)
    {
        for (int i = 0; i < _parameters.Length; i++)
            Send(i, values);
        PendingOperation gather = _group.StartAllGather(_messages, _parts);
        long bytes = gather.Wait();
        LastOperation = gather.Key();
        for (int i = 0; i < _parameters.Length; i++)
            Receive(i, mean);
        return bytes;
    }

    public void Dispose()
    {
        foreach (ParameterChunks parameter in _parameters)
            parameter.Dispose();
    }

    private void Send(int index, FlatTensor values)
    {
        using DisposeScope scope = NewDisposeScope();
        ParameterChunks parameter = _parameters[index];
        Tensor chunks = parameter.Split(values);
        Tensor places = chunks.abs().topk((int)parameter.Selected, dim: -1).indexes.sort(dim: -1).Values;
        long[] hostPlaces = places.cpu().data<long>().ToArray();
        float[] hostValues = chunks.gather(-1, places).cpu().data<float>().ToArray();
        _codec.Write(hostPlaces, hostValues, Message(_group.Rank, index));
        chunks.scatter_add_(-1, places, tensor(hostValues, places.shape, device: _device).neg());
        parameter.Join(chunks, values);
    }

    private void Receive(int index, FlatTensor mean)
    {
        using DisposeScope scope = NewDisposeScope();
        ParameterChunks parameter = _parameters[index];
        long[] shape = [parameter.Count, parameter.Selected];
        var places = new long[_group.Size][];
        var values = new float[_group.Size][];
        for (int member = 0; member < _group.Size; member++)
        {
            places[member] = new long[shape[0] * shape[1]];
            values[member] = new float[shape[0] * shape[1]];
            _codec.Read(Message(member, index), places[member], values[member]);
        }

        if (_clipsToMedian)
            ClipToMedian(values);
        // Member after member, in whose messages a place comes once: the same bits everywhere.
        Tensor sum = zeros(parameter.Count, parameter.Size, device: _device), count = zeros_like(sum);
        Tensor ones = torch.ones(shape, device: _device);
        for (int member = 0; member < _group.Size; member++)
        {
            Tensor where = tensor(places[member], shape, device: _device);
            sum.scatter_add_(-1, where, tensor(values[member], shape, device: _device));
            count.scatter_add_(-1, where, ones);
        }

        using Scalar one = 1f.ToScalar();
        parameter.Join(sum.div_(count.clamp_(min: one)), mean);
    }

    /// <summary>The median of an even number is the lower of the two in the middle, as torch.median.</summary>
    private static void ClipToMedian(float[][] values)
    {
        float[] norms = [.. values.Select(one => TensorPrimitives.Norm<float>(one))];
        float median = norms.Order().ElementAt((norms.Length - 1) / 2);
        for (int i = 0; i < norms.Length; i++)
            TensorPrimitives.Multiply(values[i], MathF.Min(1, median / (norms[i] + 1e-8f)), values[i]);
    }

    private Span<byte> Message(int member, int parameter) =>
        _messages.AsSpan(_parts[member].Offset + _starts[parameter], _starts[parameter + 1] - _starts[parameter]);
}

/// <summary>How parameters are cut and what is sent of them.</summary>
/// <param name="Limit">The largest side of a chunk.</param>
/// <param name="TopK">Elements sent of each chunk.</param>
/// <param name="IsTransformed">Whether chunks are DCT coefficients.</param>
/// <param name="Codec">How they travel.</param>
internal sealed record ChunkSettings(int Limit, int TopK, bool IsTransformed, IChunkCodec Codec)
{
    /// <summary>A message in whole floats.</summary>
    internal static int Padded(int bytes) => (bytes + sizeof(float) - 1) / sizeof(float) * sizeof(float);

    /// <summary>The exchange for the step-time model; null: shapes are not known.</summary>
    internal ProgramExchange? Exchange(ProgramScope scope, ProgramGroup group)
    {
        if (scope.Parameters is not { } parameters)
            return null;
        long bytes = 0;
        foreach (ProgramParameter parameter in parameters)
        {
            var shape = ChunkShape.Of(parameter, Limit, TopK);
            bytes += Codec.BytesFor(shape.Chunks * shape.Selected);
        }

        return new ProgramExchange(group, (bytes + sizeof(float) - 1) / sizeof(float), WireFormat.Float32) { Collective = ProgramCollective.AllGather };
    }
}
