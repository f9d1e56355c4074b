using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="FdaSpec"/>. With w the parameters at the last average and d_i = x_i − w the drifts, the variance of the
/// models is mean ‖d_i‖² − ‖mean d_i‖². Each worker gives ‖d_i‖² and ⟨ξ, d_i⟩, and mean(‖d_i‖²) − mean(⟨ξ, d_i⟩)² is at least the
/// variance for any unit vector ξ; ξ is the direction from the average before the last to the last.
/// </summary>
internal sealed class Fda : IStrategy
{
    private readonly FdaSpec _spec;
    private readonly StrategyContext _context;
    private readonly NodeGradients? _node;
    private readonly RangeReduction _average;
    private readonly MasterCopy _last;
    private readonly FlatTensor _drift;
    private readonly FlatTensor _direction;
    private readonly float[] _estimate = new float[2];
    private OperationKey? _lastEstimate;

    internal Fda(FdaSpec spec, StrategyContext context)
    {
        FlatTensor parameters = context.Replica.Parameters;
        _spec = spec;
        _context = context;
        _node = spec.InNode(context);
        _average = new RangeReduction(parameters, context.Ranks.World);
        _last = new MasterCopy(parameters, new FlatRange(0, parameters.Length));
        _drift = new FlatTensor(parameters.Length, context.Replica.Device);
        _direction = new FlatTensor(parameters.Length, context.Replica.Device);
        using var _ = no_grad();
        using var generator = new Generator((ulong)spec.Seed, CPU);
        using Tensor random = empty(parameters.Length).normal_(0, 1, generator);
        _direction.Tensor.copy_(random);
        MakeUnit(_direction.Tensor);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("last average", _last.Values), ("direction", _direction)];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        SpanMark start = _context.Timer.Mark();
        (double variance, long bytes) = Estimate();
        if (variance > _spec.Threshold)
            bytes += Average();
        _context.Timer.End(SpanKind.GlobalWait, start, bytes, _lastEstimate);
    }

    public void Save(BinaryWriter writer)
    {
        _last.Save(writer);
        _direction.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _last.Load(reader);
        _direction.Load(reader);
    }

    public void Dispose()
    {
        _last.Dispose();
        _drift.Dispose();
        _direction.Dispose();
    }

    /// <summary>The same on every rank.</summary>
    private (double Variance, long Bytes) Estimate()
    {
        _last.TakeChange(_drift);
        using (no_grad())
        using (Tensor square = _drift.Tensor.dot(_drift.Tensor), along = _direction.Tensor.dot(_drift.Tensor))
            (_estimate[0], _estimate[1]) = (square.item<float>(), along.item<float>());
        PendingOperation mean = _context.Ranks.World.StartAllReduce(_estimate, ReduceOperation.Mean);
        long bytes = mean.Wait();
        _lastEstimate = mean.Key();
        return (_estimate[0] - ((double)_estimate[1] * _estimate[1]), bytes);
    }

    /// <summary>Averages the parameters, and points ξ from the last average to this one.</summary>
    private long Average()
    {
        long bytes = _average.Run(ReduceOperation.Mean);
        _last.TakeChange(_direction);
        MakeUnit(_direction.Tensor);
        _last.Set();
        return bytes;
    }

    /// <summary>A vector of zeros stays one: the estimate is then ‖d‖², which is on the safe side, too.</summary>
    private static void MakeUnit(Tensor vector)
    {
        using var _ = no_grad();
        using Tensor norm = vector.norm();
        float length = norm.item<float>();
        if (length == 0)
            return;
        using Scalar scale = (1 / length).ToScalar();
        vector.mul_(scale);
    }
}
