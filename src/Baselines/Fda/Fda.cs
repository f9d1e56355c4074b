using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="FdaSpec"/>. With w the parameters at the last average and d_i = x_i − w the drifts, the variance of the
/// models is mean ‖d_i‖² − ‖mean d_i‖². Each worker gives ‖d_i‖² and a summary of d_i, of which the second term is estimated.
/// </summary>
internal sealed class Fda : IStrategy
{
    private readonly FdaSpec _spec;
    private readonly StrategyContext _context;
    private readonly NodeGradients? _node;
    private readonly RangeReduction _average;
    private readonly MasterCopy _last;
    private readonly FlatTensor _drift;
    private readonly IDriftSummary _summary;
    private readonly float[] _numbers;
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
        _summary = spec.Estimate == FdaEstimate.Linear
            ? new DriftDirection(spec.Seed, parameters.Length, context.Replica.Device)
            : new DriftSketch(spec.Seed, parameters.Length, context.Replica.Device);
        _numbers = new float[1 + _summary.Numbers];
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("last average", _last.Values), .. _summary.State];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        SpanMark start = _context.Timer.Mark();
        (double variance, long bytes) = Estimate();
        if (variance > _spec.Threshold)
        {
            bytes += _average.Run(ReduceOperation.Mean);
            _summary.Averaged(_last);
            _last.Set();
        }

        _context.Timer.End(SpanKind.GlobalWait, start, bytes, _lastEstimate);
    }

    public void Save(BinaryWriter writer)
    {
        foreach ((_, FlatTensor values) in State)
            values.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        foreach ((_, FlatTensor values) in State)
            values.Load(reader);
    }

    public void Dispose()
    {
        _last.Dispose();
        _drift.Dispose();
        _summary.Dispose();
    }

    /// <summary>The same on every rank.</summary>
    private (double Variance, long Bytes) Estimate()
    {
        _last.TakeChange(_drift);
        using (no_grad())
        using (Tensor square = _drift.Tensor.dot(_drift.Tensor))
            _numbers[0] = square.item<float>();
        _summary.Take(_drift.Tensor, _numbers.AsSpan(1));
        PendingOperation mean = _context.Ranks.World.StartAllReduce(_numbers, ReduceOperation.Mean);
        long bytes = mean.Wait();
        _lastEstimate = mean.Key();
        return (_numbers[0] - _summary.SquaredNorm(_numbers.AsSpan(1)), bytes);
    }
}
