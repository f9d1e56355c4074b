namespace Daso.Baselines;

/// <summary>What a step of <see cref="ZeroOneAdamSpec"/> exchanges.</summary>
internal enum ZeroOneAction
{
    /// <summary>Gradients in full, which update the variance, too.</summary>
    WholeGradient,

    /// <summary>Gradients at one bit.</summary>
    OneBitGradient,

    /// <summary>Nothing.</summary>
    Alone,

    /// <summary>The sum of the steps since the last time, at one bit.</summary>
    Synchronise,
}

/// <summary>
/// 0/1 Adam's two intervals. With steps s from 1: the variance is updated where s is a multiple of an interval that doubles after every κ
/// updates; after its freeze ranks synchronise where s is a multiple of another, which doubles after so many steps, up to H.
/// </summary>
internal sealed class ZeroOneSchedule(ZeroOneAdamSpec spec)
{
    private long _step = 1;
    private long _varianceInterval = 1;
    private int _varianceUpdates;
    private int _localInterval = 1;
    private int _localSteps;

    /// <summary>What the step under way does.</summary>
    internal ZeroOneAction Action => IsFrozen
        ? _step % _localInterval == 0 ? ZeroOneAction.Synchronise : ZeroOneAction.Alone
        : _step % _varianceInterval == 0 ? ZeroOneAction.WholeGradient : ZeroOneAction.OneBitGradient;

    /// <summary>Whether the variance stays as it is: from the step after the first beyond the last that may update it.</summary>
    internal bool IsFrozen => _step > spec.VarianceFreezeStep + 1;

    /// <summary>The next step.</summary>
    internal void Advance()
    {
        if (IsFrozen)
        {
            if (++_localSteps == spec.LocalSteps)
                (_localSteps, _localInterval) = (0, Math.Min(spec.MaximumInterval, _localInterval * 2));
        }
        else if (Action == ZeroOneAction.WholeGradient && ++_varianceUpdates == spec.VarianceUpdates)
        {
            (_varianceUpdates, _varianceInterval) = (0, _varianceInterval * 2);
        }

        _step++;
    }

    internal void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        writer.Write(_varianceInterval);
        writer.Write(_varianceUpdates);
        writer.Write(_localInterval);
        writer.Write(_localSteps);
    }

    internal void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        _varianceInterval = reader.ReadInt64();
        _varianceUpdates = reader.ReadInt32();
        _localInterval = reader.ReadInt32();
        _localSteps = reader.ReadInt32();
    }
}
