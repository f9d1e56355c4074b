using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="DecentSpec"/>: what the optimizer has made of the parameters is averaged over the step's group while the
/// next step computes its gradients on it, and mixed in before the next update.
/// </summary>
internal sealed class Decent : IStrategy
{
    private readonly DecentSpec _spec;
    private readonly StrategyContext _context;
    private readonly FlatTensor _average;
    private readonly ICommunicator[] _groups;
    private readonly RangeReduction[] _reductions;
    private long _steps;

    internal Decent(DecentSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _average = new FlatTensor(context.Replica.Parameters.Length, context.Replica.Device);
        ICommunicator world = context.Ranks.World;
        IReadOnlyList<int[]> steps = DecentGroups.Of(spec.Topology, context.Ranks.Topology.Nodes, context.Ranks.Topology.RanksPerNode);
        _groups = [.. steps.Select((groups, step) => world.Split(groups[world.Rank], $"step {step} of {spec.Topology}"))];
        int chunk = (int)Math.Min(spec.BucketBytes / sizeof(float), int.MaxValue);
        _reductions = [.. _groups.Select(group => new RangeReduction(_average, new FlatRange(0, _average.Length), group, chunk))];
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("average", _average)];

    private RangeReduction InFlight => _reductions[(_steps - 1) % _reductions.Length];

    /// <summary>x := (1 − a)·x + a·average.</summary>
    public void BackwardDone()
    {
        if (_steps == 0)
            return;
        SpanMark start = _context.Timer.Mark();
        long bytes = InFlight.Finish();
        SpanMark received = _context.Timer.End(SpanKind.GlobalWait, start, bytes, InFlight.LastOperation);
        using (no_grad())
        using (Scalar kept = (1 - _spec.AveragedShare).ToScalar(), share = _spec.AveragedShare.ToScalar())
            _context.Replica.Parameters.Tensor.mul_(kept).add_(_average.Tensor, alpha: share);
        _context.Timer.End(SpanKind.Merge, received);
    }

    public void OptimizerStepped()
    {
        SpanMark start = _context.Timer.Mark();
        _steps++;
        using (no_grad())
            _average.Tensor.copy_(_context.Replica.Parameters.Tensor);
        InFlight.Start(ReduceOperation.Mean, _spec.Wire);
        _context.Timer.End(SpanKind.GlobalSend, start, 0, InFlight.LastOperation);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_steps);
        if (_steps > 0)
            InFlight.Save(writer);
        _average.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _steps = reader.ReadInt64();
        if (_steps > 0)
            InFlight.Load(reader);
        _average.Load(reader);
    }

    public void Dispose()
    {
        // What is under way stays with its operation: other ranks still read and write it.
        if (_steps == 0 || !InFlight.IsUnderWay)
            _average.Dispose();
        foreach (ICommunicator group in _groups)
            group.Dispose();
    }
}
