using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="PowerSgdSpec"/>. For a gradient M as a matrix n × m with the rest e of the last step: M := M + e,
/// P := M·orth(Q), summed over the ranks, P := orth(P), Q := Mᵀ·P, averaged, M̂ := P·Qᵀ, e := M − M̂. What is not compressed is averaged.
/// </summary>
internal sealed class PowerSgd : IStrategy
{
    private readonly PowerSgdSpec _spec;
    private readonly StrategyContext _context;
    private readonly FlatTensor _gradients;
    private readonly GradientAverager _whole;
    private readonly Factors[] _matrices;
    private readonly RangeReduction[] _others;
    private readonly FlatTensor _p;
    private readonly FlatTensor _q;
    private readonly RangeReduction _sumOfP;
    private readonly RangeReduction _meanOfQ;
    private readonly ErrorFeedback? _rest;
    private long _step;

    internal PowerSgd(PowerSgdSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _gradients = context.Replica.Gradients;
        _whole = new GradientAverager(context.Replica, context.Ranks.World, spec.BucketBytes, Math.Min(1 << 20, spec.BucketBytes));
        ParameterRange[] compressed = [.. context.Replica.ParameterRanges.Where(IsCompressed)];
        Device device = context.Replica.Device;
        _p = new FlatTensor(compressed.Sum(range => Rows(range) * RankOf(range)), device);
        _q = new FlatTensor(compressed.Sum(range => Columns(range) * RankOf(range)), device);
        _matrices = [.. Lay(compressed)];
        _others = [.. Uncompressed(compressed).Select(range => new RangeReduction(_gradients, range, context.Ranks.World))];
        _sumOfP = new RangeReduction(_p, context.Ranks.World);
        _meanOfQ = new RangeReduction(_q, context.Ranks.World);
        if (spec.KeepsRest)
            _rest = new ErrorFeedback(_gradients.Length, device);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State =>
        _rest is null ? [("q", _q)] : [("q", _q), ("rest", _rest.Dropped)];

    private bool IsStarting => _step < _spec.StartSteps;

    public void PartReady(int part)
    {
        if (IsStarting)
            _whole.PartReady(part);
    }

    public void BackwardDone()
    {
        SpanMark start = _context.Timer.Mark();
        long bytes = IsStarting ? _whole.Finish() : ExchangeFactors();
        _context.Timer.End(SpanKind.GlobalWait, start, bytes, IsStarting ? _whole.LastOperation : _meanOfQ.LastOperation);
        _step++;
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        _q.Save(writer);
        _rest?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        _q.Load(reader);
        _rest?.Load(reader);
    }

    public void Dispose()
    {
        foreach (Factors factors in _matrices)
            factors.Dispose();
        _p.Dispose();
        _q.Dispose();
        _rest?.Dispose();
    }

    private long ExchangeFactors()
    {
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _rest?.Compensate(_gradients);
        if (!_spec.WarmStart || _step == _spec.StartSteps)
            DrawQ();
        foreach (Factors one in _matrices)
        {
            Orthogonalise(one.Q);
            one.P.copy_(one.Matrix.mm(one.Q));
        }

        long bytes = _sumOfP.Run(ReduceOperation.Sum);
        foreach (Factors one in _matrices)
        {
            Orthogonalise(one.P);
            one.Q.copy_(one.Matrix.t().mm(one.P));
        }

        bytes += _meanOfQ.Run(ReduceOperation.Mean);
        foreach (Factors one in _matrices)
            one.Matrix.copy_(one.P.mm(one.Q.t()));
        // The other gradients are still this rank's own: nothing of them is kept.
        _rest?.Keep(_gradients);
        foreach (RangeReduction other in _others)
            other.Start(ReduceOperation.Mean);
        foreach (RangeReduction other in _others)
            bytes += other.Finish();
        return bytes;
    }

    /// <summary>The same numbers on every rank.</summary>
    private void DrawQ()
    {
        using var generator = new Generator(unchecked(((ulong)(uint)_spec.Seed << 40) + (ulong)_step), CPU);
        using Tensor random = empty(_q.Length).normal_(0, 1, generator);
        _q.Tensor.copy_(random);
    }

    /// <summary>Makes the columns orthonormal (Gram and Schmidt, modified); a column of zeros stays one.</summary>
    private static void Orthogonalise(Tensor matrix)
    {
        using Scalar tiny = 1e-30f.ToScalar();
        long columns = matrix.shape[1];
        for (long i = 0; i < columns; i++)
        {
            Tensor column = matrix.narrow(1, i, 1);
            column.div_(column.norm().clamp_(min: tiny));
            if (i + 1 == columns)
                continue;
            Tensor later = matrix.narrow(1, i + 1, columns - i - 1);
            later.sub_(column.mm(column.t().mm(later)));
        }
    }

    private bool IsCompressed(ParameterRange range) => range.Shape.Count >= 2 && _spec.Compresses(Rows(range), Columns(range));

    private IEnumerable<Factors> Lay(ParameterRange[] compressed)
    {
        (int p, int q) = (0, 0);
        foreach (ParameterRange range in compressed)
        {
            (int rows, int columns, int rank) = (Rows(range), Columns(range), RankOf(range));
            yield return new Factors(
                View(_gradients, range.Offset, rows, columns), View(_p, p, rows, rank), View(_q, q, columns, rank));
            p += rows * rank;
            q += columns * rank;
        }
    }

    /// <summary>What lies between the compressed parameters, neighbours together.</summary>
    private IEnumerable<FlatRange> Uncompressed(ParameterRange[] compressed)
    {
        int start = 0;
        foreach (ParameterRange range in compressed)
        {
            if (range.Offset > start)
                yield return new FlatRange(start, range.Offset - start);
            start = range.Offset + range.Length;
        }

        if (_gradients.Length > start)
            yield return new FlatRange(start, _gradients.Length - start);
    }

    private int RankOf(ParameterRange range) => (int)_spec.RankOf(Rows(range), Columns(range));

    private static int Rows(ParameterRange range) => (int)range.Shape[0];

    private static int Columns(ParameterRange range) => range.Length / Rows(range);

    private static Tensor View(FlatTensor flat, int offset, int rows, int columns)
    {
        using Tensor line = flat.Tensor.narrow(0, offset, rows * columns);
        return line.view(rows, columns).DetachFromDisposeScope();
    }

    /// <summary>A gradient as a matrix [n, m] with its factors [n, r] and [m, r]; views.</summary>
    private sealed record Factors(Tensor Matrix, Tensor P, Tensor Q) : IDisposable
    {
        public void Dispose()
        {
            Matrix.Dispose();
            P.Dispose();
            Q.Dispose();
        }
    }
}
