using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// Makes one pseudo-gradient Δ of the workers', parameter by parameter: an anomalous worker sends zeros and has 10⁶ added to its norm, so
/// that its weight softmax(−‖Δ‖/T) vanishes beside any other's.
/// </summary>
internal sealed class PseudoGradients : IDisposable
{
    private const float AnomalyPenalty = 1e6f;
    private const float Nothing = 1e-6f;

    private readonly EditSpec _spec;
    private readonly ICommunicator _world;
    private readonly IReadOnlyList<ParameterRange> _ranges;
    private readonly NormAnomaly[] _anomalies;
    private readonly FlatTensor _norms;
    private readonly RangeReduction _allNorms;
    private readonly FlatTensor _values;
    private readonly RangeReduction _sum;
    private readonly FlatTensor? _votes;
    private readonly RangeReduction? _voting;

    internal PseudoGradients(EditSpec spec, StrategyContext context)
    {
        _spec = spec;
        _world = context.Ranks.World;
        _ranges = context.Replica.ParameterRanges;
        _anomalies = spec.SkipAnomalies ? [.. _ranges.Select(_ => new NormAnomaly(spec.AnomalyWarmup))] : [];
        // Every rank writes its own row of a table of zeros; the sum is the gather.
        _norms = new FlatTensor(_ranges.Count * _world.Size, CPU);
        _allNorms = new RangeReduction(_norms, _world);
        _values = new FlatTensor(context.Replica.Parameters.Length, context.Replica.Device);
        _sum = new RangeReduction(_values, _world);
        if (spec.Reduction != PseudoGradientReduction.Linear)
        {
            _votes = new FlatTensor(_values.Length, context.Replica.Device);
            _voting = new RangeReduction(_votes, _world);
        }
    }

    /// <summary>This rank's Δ, and after <see cref="Reduce"/> that of all: float32 [n].</summary>
    internal FlatTensor Values => _values;

    /// <summary>Whether the outer step leaves a parameter alone: every worker was anomalous there, or none has moved.</summary>
    internal bool IsNothing(ParameterRange range)
    {
        using Tensor part = Part(_values, range);
        using Tensor sum = part.abs().sum();
        return sum.item<float>() < Nothing;
    }

    /// <summary>The last message of the sum of all, for the span of it.</summary>
    internal OperationKey? LastOperation => _sum.LastOperation;

    /// <summary>Returns the bytes booked on this rank.</summary>
    internal long Reduce()
    {
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long bytes = ExchangeNorms();
        for (int i = 0; i < _ranges.Count; i++)
            Scale(Part(_values, _ranges[i]), Weight(i));
        if (_votes is not null)
            bytes += KeepConsensus(_votes.Tensor);
        bytes += _sum.Run(ReduceOperation.Sum);
        double limit = _spec.MaximumNorm ?? double.PositiveInfinity;
        double norm = double.IsFinite(limit) ? _values.Tensor.norm().item<float>() : 0;
        if (norm > limit)
            Scale(_values.Tensor, (float)(limit / (norm + 1e-6))); // as torch's clip_grad_norm_
        return bytes;
    }

    internal void Save(BinaryWriter writer)
    {
        foreach (NormAnomaly anomaly in _anomalies)
            anomaly.Save(writer);
    }

    internal void Load(BinaryReader reader)
    {
        foreach (NormAnomaly anomaly in _anomalies)
            anomaly.Load(reader);
    }

    public void Dispose()
    {
        _norms.Dispose();
        _values.Dispose();
        _votes?.Dispose();
    }

    private long ExchangeNorms()
    {
        Span<float> table = _norms.Host.Span;
        table.Clear();
        Span<float> mine = table.Slice(_world.Rank * _ranges.Count, _ranges.Count);
        for (int i = 0; i < mine.Length; i++)
        {
            using Tensor part = Part(_values, _ranges[i]);
            mine[i] = part.norm().item<float>();
            if (_spec.SkipAnomalies && _anomalies[i].IsFoundIn(mine[i]))
            {
                part.zero_();
                mine[i] += AnomalyPenalty;
            }
        }

        return _allNorms.Run(ReduceOperation.Sum);
    }

    /// <summary>This rank's share of parameter i: 1/P, or its part of the softmax over the ranks.</summary>
    private float Weight(int parameter)
    {
        if (_spec.Temperature is not double temperature)
            return 1f / _world.Size;
        ReadOnlySpan<float> table = _norms.Host.Span;
        float least = float.PositiveInfinity;
        for (int rank = 0; rank < _world.Size; rank++)
            least = MathF.Min(least, table[(rank * _ranges.Count) + parameter]);
        double sum = 0;
        for (int rank = 0; rank < _world.Size; rank++)
            sum += Math.Exp((least - table[(rank * _ranges.Count) + parameter]) / temperature);
        return (float)(Math.Exp((least - table[(_world.Rank * _ranges.Count) + parameter]) / temperature) / sum);
    }

    /// <summary>Leaves of the weighted values those with the agreed sign, divided by the sum of the weights that are left.</summary>
    private long KeepConsensus(Tensor votes)
    {
        Tensor values = _values.Tensor;
        votes.copy_(_spec.Reduction == PseudoGradientReduction.ConsensusBySum ? values : values.sign());
        long bytes = _voting!.Run(ReduceOperation.Sum);
        using Scalar zero = 0f.ToScalar(), one = 1f.ToScalar(), tiny = 1e-8f.ToScalar();
        Tensor mask = values.sign().eq(where(votes.ge(zero), ones_like(votes), -ones_like(votes))).to_type(ScalarType.Float32);
        values.mul_(mask);
        for (int i = 0; i < _ranges.Count; i++)
            Scale(mask.narrow(0, _ranges[i].Offset, _ranges[i].Length), Weight(i));

        votes.copy_(mask);
        bytes += _voting.Run(ReduceOperation.Sum);
        votes.masked_fill_(votes.lt(tiny), one);
        values.div_(votes);
        return bytes;
    }

    private static void Scale(Tensor values, float factor)
    {
        using Scalar scale = factor.ToScalar();
        values.mul_(scale);
    }

    private static Tensor Part(FlatTensor tensor, ParameterRange range) => tensor.Tensor.narrow(0, range.Offset, range.Length);
}
