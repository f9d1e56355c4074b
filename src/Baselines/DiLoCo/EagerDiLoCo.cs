using Daso.Communication;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="EagerDiLoCoSpec"/>. In outer step t worker i of M, with its own θ_i:
/// Δ_i^t := θ_i − x_i, and its mean over the workers is started; θ_i := outer(θ_i, (Δ_i^t + Σ_{j≠i} Δ_j^(t−1)) / M), x_i := θ_i. The sum
/// is M·mean(Δ^(t−1)) − Δ_i^(t−1); before the first outer step all are 0.
/// </summary>
internal sealed class EagerDiLoCo : IStrategy
{
    private readonly EagerDiLoCoSpec _spec;
    private readonly StrategyContext _context;
    private readonly NodeGradients? _node;
    private readonly MasterCopy _own;
    private readonly FlatTensor _change;
    private readonly FlatTensor _travelling;
    private readonly FlatTensor _gradient;
    private readonly RangeReduction _mean;
    private readonly IOptimizer _outer;
    private readonly float _share;
    private long _steps;

    internal EagerDiLoCo(EagerDiLoCoSpec spec, StrategyContext context)
    {
        int length = context.Replica.Parameters.Length;
        _spec = spec;
        _context = context;
        _node = spec.InNode(context);
        _own = new MasterCopy(context.Replica.Parameters, new FlatRange(0, length));
        _change = new FlatTensor(length, context.Replica.Device);
        _travelling = new FlatTensor(length, context.Replica.Device);
        _gradient = new FlatTensor(length, context.Replica.Device);
        _mean = new RangeReduction(_travelling, context.Ranks.World);
        _outer = spec.Outer.Create(_own.Values, _gradient);
        _share = 1f / (spec.NodeGradients ? context.Ranks.Topology.Nodes : context.Ranks.World.Size);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("own", _own.Values), ("change", _change), .. _outer.State];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        if (++_steps % _spec.Period != 0)
            return;
        SpanMark start = _context.Timer.Mark();
        if (_steps > _spec.Period)
        {
            long bytes = _mean.Finish();
            start = _context.Timer.End(SpanKind.GlobalWait, start, bytes, _mean.LastOperation);
        }

        using (no_grad())
        using (Scalar share = _share.ToScalar(), without = (-_share).ToScalar())
        {
            Tensor gradient = _gradient.Tensor;
            gradient.copy_(_travelling.Tensor).add_(_change.Tensor, alpha: without);
            _own.TakePseudoGradient(_change);
            gradient.add_(_change.Tensor, alpha: share);
            _travelling.Tensor.copy_(_change.Tensor);
        }

        _mean.Start(ReduceOperation.Mean, _spec.Wire);
        _outer.Step(_spec.OuterLearningRate);
        _own.Restore();
        _context.Timer.End(SpanKind.Merge, start);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_steps);
        _own.Save(writer);
        _outer.Save(writer);
        _change.Save(writer);
        _mean.Save(writer);
        _travelling.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _steps = reader.ReadInt64();
        _own.Load(reader);
        _outer.Load(reader);
        _change.Load(reader);
        _mean.Load(reader);
        _travelling.Load(reader);
    }

    public void Dispose()
    {
        _outer.Dispose();
        _own.Dispose();
        _change.Dispose();
        _gradient.Dispose();
        // What is under way stays with its operation: other ranks still read and write it.
        if (!_mean.IsUnderWay)
            _travelling.Dispose();
    }
}
