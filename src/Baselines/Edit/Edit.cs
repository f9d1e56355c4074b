using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="EditSpec"/>: with θ the parameters at the last synchronisation, Δ := θ − x is reduced over the workers,
/// θ := outer(θ, Δ), x := θ. Where nothing is left of a parameter's Δ, its θ and the outer optimizer's state of it stay as they are.
/// </summary>
internal sealed class Edit : IStrategy
{
    private readonly EditSpec _spec;
    private readonly StrategyContext _context;
    private readonly NodeGradients? _node;
    private readonly MasterCopy _agreed;
    private readonly PseudoGradients _changes;
    private readonly IOptimizer _outer;
    private readonly ElapsedTimeVote? _vote;
    private long _step;

    internal Edit(EditSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _node = spec.InNode(context);
        _agreed = new MasterCopy(context.Replica.Parameters, new FlatRange(0, context.Replica.Parameters.Length));
        _changes = new PseudoGradients(spec, context);
        _outer = spec.Outer.Create(_agreed.Values, _changes.Values);
        _vote = spec.Seconds is double seconds ? new ElapsedTimeVote(context, seconds) : null;
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("agreed", _agreed.Values), .. _outer.State];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        long sinceWarmup = _step++ - _spec.WarmupSteps;
        if (sinceWarmup < 0 || !(_vote?.IsDue() ?? sinceWarmup % _spec.Period == 0))
            return;
        SpanMark start = _context.Timer.Mark();
        _agreed.TakePseudoGradient(_changes.Values);
        long bytes = _changes.Reduce();
        SpanMark reduced = _context.Timer.End(SpanKind.GlobalWait, start, bytes, _changes.LastOperation);
        TakeOuterStep();
        _agreed.Restore();
        _context.Timer.End(SpanKind.Merge, reduced);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        _agreed.Save(writer);
        _changes.Save(writer);
        _outer.Save(writer);
        _vote?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        _agreed.Load(reader);
        _changes.Load(reader);
        _outer.Load(reader);
        _vote?.Load(reader);
    }

    public void Dispose()
    {
        _vote?.Dispose();
        _outer.Dispose();
        _changes.Dispose();
        _agreed.Dispose();
    }

    private void TakeOuterStep()
    {
        using var _ = no_grad();
        List<(Tensor Live, Tensor Kept)> left = [];
        foreach (ParameterRange range in _context.Replica.ParameterRanges.Where(_changes.IsNothing))
        {
            foreach (FlatTensor tensor in _outer.State.Select(one => one.Values).Prepend(_agreed.Values))
            {
                Tensor live = tensor.Tensor.narrow(0, range.Offset, range.Length);
                left.Add((live, live.clone()));
            }
        }

        _outer.Step(_spec.OuterLearningRate);
        foreach ((Tensor live, Tensor kept) in left)
        {
            live.copy_(kept);
            live.Dispose();
            kept.Dispose();
        }
    }
}
