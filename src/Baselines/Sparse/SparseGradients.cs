using System.Runtime.InteropServices;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="SparseGradientsSpec"/>: v := g + e; the selected elements of v are exchanged and zero in e := v; the
/// gradient becomes the sum of what was sent, over the number of ranks. It is exchanged when backward is done, at once.
/// </summary>
internal sealed class SparseGradients : IStrategy
{
    private readonly SparseGradientsSpec _spec;
    private readonly StrategyContext _context;
    private readonly FlatTensor _gradients;
    private readonly ErrorFeedback? _rest;
    private readonly ISelectedExchange _exchange;
    private long _step;

    internal SparseGradients(SparseGradientsSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _gradients = context.Replica.Gradients;
        if (spec.KeepsRest)
            _rest = new ErrorFeedback(_gradients.Length, context.Replica.Device);
        _exchange = spec.Selection == SparseSelection.TopK
            ? new TopKExchange(context.Replica, context.Ranks.World, spec.Density)
            : new RandomKExchange(spec, context);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => _rest is null ? [] : [("rest", _rest.Dropped)];

    public void BackwardDone()
    {
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        SpanMark start = _context.Timer.Mark();
        _rest?.Compensate(_gradients);
        Tensor selected = _exchange.Select(_step++);
        using (Scalar zero = 0f.ToScalar())
            _rest?.Dropped.Tensor.index_fill_(0, selected, zero);
        SpanMark packed = _context.Timer.End(SpanKind.GlobalSend, start);
        (long bytes, OperationKey? operation) = _exchange.Run(selected);
        SpanMark exchanged = _context.Timer.End(SpanKind.GlobalWait, packed, bytes, operation);
        _exchange.Merge(selected);
        _context.Timer.End(SpanKind.Merge, exchanged);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        _rest?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        _rest?.Load(reader);
    }

    public void Dispose()
    {
        _rest?.Dispose();
        _exchange.Dispose();
    }
}

/// <summary>How selected elements of the gradient are exchanged.</summary>
internal interface ISelectedExchange : IDisposable
{
    /// <summary>The elements' places in the flat gradient: int64 [k], on its device.</summary>
    Tensor Select(long step);

    /// <summary>Exchanges the elements. Returns the bytes booked on this rank, and which operation it was.</summary>
    (long Bytes, OperationKey? Operation) Run(Tensor selected);

    /// <summary>Makes the gradient of what was exchanged.</summary>
    void Merge(Tensor selected);
}

/// <summary>Every rank its own elements, as pairs of an int32 and a float32 that all ranks gather.</summary>
internal sealed class TopKExchange : ISelectedExchange
{
    private readonly FlatTensor _gradients;
    private readonly ICommunicator _group;
    private readonly (ParameterRange Range, int Count)[] _shares;
    private readonly int _count;
    private readonly Pair[] _mine;
    private readonly byte[] _all;
    private readonly Partition _parts;

    /// <param name="replica">Whose gradients.</param>
    /// <param name="group">The ranks.</param>
    /// <param name="density">The share of each parameter that is sent.</param>
    internal TopKExchange(Replica replica, ICommunicator group, double density)
    {
        _gradients = replica.Gradients;
        _group = group;
        _shares = [.. replica.ParameterRanges.Select(range => (range, (int)CountOf(range.Length, density)))];
        _count = _shares.Sum(share => share.Count);
        _mine = new Pair[_count];
        _parts = new Partition(Enumerable.Repeat(_count * Marshal.SizeOf<Pair>(), _group.Size));
        _all = new byte[_parts.Length];
    }

    /// <summary>Elements that are sent of all parameters; of the whole as one where their sizes are not known.</summary>
    internal static long CountOf(ProgramScope scope, double density) =>
        scope.Parameters?.Sum(parameter => CountOf(parameter.Elements, density)) ?? CountOf(scope.Elements, density);

    public Tensor Select(long step)
    {
        var places = new Tensor[_shares.Length];
        for (int i = 0; i < places.Length; i++)
        {
            (ParameterRange range, int count) = _shares[i];
            using Tensor magnitudes = _gradients.Tensor.narrow(0, range.Offset, range.Length).abs();
            (Tensor largest, Tensor indices) = magnitudes.topk(count);
            largest.Dispose();
            using Scalar offset = ((long)range.Offset).ToScalar();
            places[i] = indices.add_(offset);
        }

        return cat(places);
    }

    public (long Bytes, OperationKey? Operation) Run(Tensor selected)
    {
        using Tensor values = _gradients.Tensor.index_select(0, selected);
        using Tensor hostValues = values.cpu(), hostPlaces = selected.cpu();
        ReadOnlySpan<float> elements = MemoryMarshal.Cast<byte, float>(hostValues.bytes);
        ReadOnlySpan<long> places = MemoryMarshal.Cast<byte, long>(hostPlaces.bytes);
        for (int i = 0; i < _count; i++)
            _mine[i] = new Pair((int)places[i], elements[i]);
        (int offset, int length) = _parts[_group.Rank];
        MemoryMarshal.AsBytes(_mine.AsSpan()).CopyTo(_all.AsSpan(offset, length));
        PendingOperation gather = _group.StartAllGather(_all, _parts);
        return (gather.Wait(), gather.Key());
    }

    /// <summary>Rank after rank, whose elements differ in their places: the same bits everywhere, also where additions run at once.</summary>
    public void Merge(Tensor selected)
    {
        _gradients.Tensor.zero_();
        long[] places = new long[_count];
        float[] values = new float[_count];
        ReadOnlySpan<Pair> all = MemoryMarshal.Cast<byte, Pair>(_all);
        using Scalar share = (1f / _group.Size).ToScalar();
        for (int rank = 0; rank < _group.Size; rank++)
        {
            for (int i = 0; i < _count; i++)
                (places[i], values[i]) = (all[(rank * _count) + i].Place, all[(rank * _count) + i].Value);
            using Tensor index = tensor(places, device: _gradients.Tensor.device), source = tensor(values, device: _gradients.Tensor.device);
            _gradients.Tensor.index_add_(0, index, source, share);
        }
    }

    public void Dispose()
    {
    }

    private static long CountOf(long elements, double density) => Math.Max(1, (long)Math.Round(density * elements));

    /// <summary>What travels for an element.</summary>
    private readonly record struct Pair(int Place, float Value);
}

/// <summary>The same elements on all ranks, one of each of k stretches, so that their values are all that is reduced.</summary>
internal sealed class RandomKExchange : ISelectedExchange
{
    private readonly FlatTensor _gradients;
    private readonly FlatTensor _values;
    private readonly RangeReduction _mean;
    private readonly int _seed;
    private readonly long[] _places;

    internal RandomKExchange(SparseGradientsSpec spec, StrategyContext context)
    {
        _gradients = context.Replica.Gradients;
        int count = Math.Clamp((int)Math.Round(spec.Density * _gradients.Length), Math.Min(1, _gradients.Length), _gradients.Length);
        _values = new FlatTensor(count, context.Replica.Device);
        _mean = new RangeReduction(_values, context.Ranks.World);
        _seed = spec.Seed;
        _places = new long[count];
    }

    public Tensor Select(long step)
    {
        using var generator = new Generator(unchecked(((ulong)(uint)_seed << 40) + (ulong)step), CPU);
        using Tensor draws = empty(_places.Length, float64).uniform_(0, 1, generator);
        ReadOnlySpan<double> uniform = MemoryMarshal.Cast<byte, double>(draws.bytes);
        long length = _gradients.Length;
        for (int i = 0; i < _places.Length; i++)
        {
            long start = length * i / _places.Length, end = length * (i + 1) / _places.Length;
            _places[i] = start + Math.Min(end - start - 1, (long)(uniform[i] * (end - start)));
        }

        return tensor(_places, device: _gradients.Tensor.device);
    }

    public (long Bytes, OperationKey? Operation) Run(Tensor selected)
    {
        using Tensor values = _gradients.Tensor.index_select(0, selected);
        _values.Tensor.copy_(values);
        return (_mean.Run(ReduceOperation.Mean), _mean.LastOperation);
    }

    public void Merge(Tensor selected)
    {
        _gradients.Tensor.zero_();
        _gradients.Tensor.index_copy_(0, selected, _values.Tensor);
    }

    public void Dispose() => _values.Dispose();
}
