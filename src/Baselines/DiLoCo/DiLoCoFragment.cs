using Daso.Communication;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// A range of the parameters x with the values θ on which all workers agreed last: Δ := mean(θ − x), θ := outer(θ, Δ),
/// x := α·x + (1 − α)·θ.
/// </summary>
internal sealed class DiLoCoFragment : IDisposable
{
    private readonly DiLoCoSpec _spec;
    private readonly MasterCopy _agreed;
    private readonly FlatTensor _change;
    private readonly RangeReduction _mean;
    private readonly IOptimizer _outer;

    internal DiLoCoFragment(DiLoCoSpec spec, StrategyContext context, FlatRange range)
    {
        _spec = spec;
        _agreed = new MasterCopy(context.Replica.Parameters, range);
        _change = new FlatTensor(range.Length, context.Replica.Device);
        _mean = new RangeReduction(_change, context.Ranks.World);
        _outer = spec.Outer.Create(_agreed.Values, _change);
    }

    /// <summary>θ and the outer optimizer's buffers.</summary>
    internal IEnumerable<(string Name, FlatTensor Values)> State => [("agreed", _agreed.Values), .. _outer.State];

    /// <summary>The exchange's last message, for the spans of it.</summary>
    internal OperationKey? LastOperation => _mean.LastOperation;

    /// <summary>Starts the exchange of what has changed.</summary>
    internal void Send()
    {
        _agreed.TakePseudoGradient(_change);
        _mean.Start(ReduceOperation.Mean, _spec.Wire);
    }

    /// <summary>Waits for it. Returns the bytes booked on this rank.</summary>
    internal long Receive() => _mean.Finish();

    /// <summary>Takes the outer step with what has been received.</summary>
    internal void Merge()
    {
        _outer.Step(_spec.OuterLearningRate);
        _agreed.Blend(_spec.Mixing);
    }

    /// <summary>Writes θ, the outer optimizer, and the exchange, which is waited for.</summary>
    internal void Save(BinaryWriter writer)
    {
        _agreed.Save(writer);
        _outer.Save(writer);
        _mean.Save(writer);
        _change.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        _agreed.Load(reader);
        _outer.Load(reader);
        _mean.Load(reader);
        _change.Load(reader);
    }

    public void Dispose()
    {
        _outer.Dispose();
        _agreed.Dispose();
        // A change that is under way stays with its operation: other ranks still read and write it.
        if (!_mean.IsUnderWay)
            _change.Dispose();
    }
}
