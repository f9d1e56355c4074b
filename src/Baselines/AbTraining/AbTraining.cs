using System.Runtime.InteropServices;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="AbTrainingSpec"/>. A matrix W is trained where it lies: at the start of the steps with factors it becomes
/// U·S·Vᵀ of low rank. A rank of the first half, which trains A = U·S, replaces its gradient G by mean(G·V)·Vᵀ, one of the second, which
/// trains B = Vᵀ, by U·mean(Uᵀ·G), both means over the half. What is no matrix is averaged over the half.
/// </summary>
internal sealed class AbTraining : IStrategy
{
    private readonly AbTrainingSpec _spec;
    private readonly StrategyContext _context;
    private readonly FlatTensor _gradients;
    private readonly GradientAverager _whole;
    private readonly RangeReduction[] _averages;
    private readonly ICommunicator _half;
    private readonly bool _trainsA;
    private readonly ParameterRange[] _matrices;
    private readonly RangeReduction[] _others;
    private readonly Tensor?[] _bases;
    private FlatTensor? _factors;
    private RangeReduction? _meanOfFactors;
    private long _step;

    internal AbTraining(AbTrainingSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _gradients = context.Replica.Gradients;
        ICommunicator world = context.Ranks.World;
        _whole = new GradientAverager(context.Replica, world, spec.BucketBytes, Math.Min(1 << 20, spec.BucketBytes));
        _averages = [.. context.Optimizer.State.Select(one => one.Values).Prepend(context.Replica.Parameters)
            .Select(tensor => new RangeReduction(tensor, world))];
        _trainsA = world.Rank < (world.Size + 1) / 2;
        _half = world.Split(_trainsA ? 0 : 1, "half");
        _matrices = [.. context.Replica.ParameterRanges.Where(range => range.Shape.Count > 1)];
        _others = [.. context.Replica.ParameterRanges.Where(range => range.Shape.Count < 2)
            .Select(range => new RangeReduction(_gradients, new FlatRange(range.Offset, range.Length), _half))];
        _bases = new Tensor?[_matrices.Length];
    }

    public void StepStarted(int epoch, int batch)
    {
        if (_spec.PlaceInFactors(_step) == 0)
            Factorise();
    }

    public void PartReady(int part)
    {
        if (_spec.PlaceInFactors(_step) is null)
            _whole.PartReady(part);
    }

    public void BackwardDone()
    {
        SpanMark start = _context.Timer.Mark();
        bool isWhole = _spec.PlaceInFactors(_step) is null;
        long bytes = isWhole ? _whole.Finish() : ExchangeFactors();
        _context.Timer.End(SpanKind.GlobalWait, start, bytes, isWhole ? _whole.LastOperation : _meanOfFactors?.LastOperation);
    }

    public void OptimizerStepped()
    {
        if (_spec.PlaceInFactors(_step++) != _spec.FactorSteps - 1)
            return;
        SpanMark start = _context.Timer.Mark();
        long bytes = 0;
        foreach (RangeReduction average in _averages)
            bytes += average.Run(ReduceOperation.Mean);
        _context.Timer.End(SpanKind.GlobalWait, start, bytes, _averages[0].LastOperation);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        foreach (Tensor? basis in _bases)
        {
            writer.Write(basis is null ? 0 : basis.shape[0]);
            if (basis is null)
                continue;
            using Tensor host = basis.cpu();
            writer.Write(host.bytes);
        }
    }

    public void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        for (int i = 0; i < _bases.Length; i++)
        {
            long rank = reader.ReadInt64();
            if (rank == 0)
                continue;
            var values = new float[rank * Side(_matrices[i])];
            reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
            Keep(i, tensor(values, [rank, Side(_matrices[i])], device: _context.Replica.Device));
        }

        LayFactors();
    }

    public void Dispose()
    {
        foreach (Tensor? basis in _bases)
            basis?.Dispose();
        _factors?.Dispose();
        _half.Dispose();
    }

    /// <summary>Makes every matrix one of low rank and keeps the rows of Vᵀ, or of Uᵀ, of what this rank does not train.</summary>
    private void Factorise()
    {
        using var _ = no_grad();
        for (int i = 0; i < _matrices.Length; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor matrix = View(_context.Replica.Parameters, _matrices[i]);
            (Tensor u, Tensor s, Tensor vt) = linalg.svd(matrix, false);
            float[] singular = s.cpu().data<float>().ToArray();
            long rank = Math.Max(1, singular.Count(value => value >= _spec.Cutoff * singular[0]));
            Tensor left = u.narrow(1, 0, rank), right = vt.narrow(0, 0, rank);
            matrix.copy_(left.mul(s.narrow(0, 0, rank)).mm(right));
            Keep(i, (_trainsA ? right : left.t()).contiguous().clone());
        }

        LayFactors();
    }

    private long ExchangeFactors()
    {
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        int at = 0;
        for (int i = 0; i < _matrices.Length; i++)
        {
            Tensor gradient = View(_gradients, _matrices[i]);
            Factor(ref at, i).copy_(_trainsA ? gradient.mm(_bases[i]!.t()) : _bases[i]!.mm(gradient));
        }

        long bytes = _meanOfFactors!.Run(ReduceOperation.Mean);
        at = 0;
        for (int i = 0; i < _matrices.Length; i++)
        {
            Tensor mean = Factor(ref at, i);
            View(_gradients, _matrices[i]).copy_(_trainsA ? mean.mm(_bases[i]!) : _bases[i]!.t().mm(mean));
        }

        foreach (RangeReduction other in _others)
            other.Start(ReduceOperation.Mean);
        foreach (RangeReduction other in _others)
            bytes += other.Finish();
        return bytes;
    }

    private void Keep(int matrix, Tensor basis)
    {
        _bases[matrix]?.Dispose();
        _bases[matrix] = basis.DetachFromDisposeScope();
    }

    private void LayFactors()
    {
        _factors?.Dispose();
        _factors = new FlatTensor(
            checked((int)_matrices.Select((range, i) => _bases[i] is Tensor basis ? basis.shape[0] * range.Length / Side(range) : 0).Sum()),
            _context.Replica.Device);
        _meanOfFactors = new RangeReduction(_factors, _half);
    }

    /// <summary>A matrix's place among the factors: [n, r] of A, [r, m] of B.</summary>
    private Tensor Factor(ref int at, int matrix)
    {
        long rank = _bases[matrix]!.shape[0], other = _matrices[matrix].Length / Side(_matrices[matrix]);
        Tensor line = _factors!.Tensor.narrow(0, at, rank * other);
        at += (int)(rank * other);
        return _trainsA ? line.view(other, rank) : line.view(rank, other);
    }

    /// <summary>The length of what is kept: m for who trains A, n for who trains B.</summary>
    private long Side(ParameterRange range) => _trainsA ? range.Length / range.Shape[0] : range.Shape[0];

    private static Tensor View(FlatTensor flat, ParameterRange range) =>
        flat.Tensor.narrow(0, range.Offset, range.Length).view(range.Shape[0], range.Length / range.Shape[0]);
}
