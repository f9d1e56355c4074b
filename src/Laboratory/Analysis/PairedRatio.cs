namespace Daso.Analysis;

/// <summary>What a ratio of times says at a threshold.</summary>
internal enum Verdict
{
    /// <summary>The whole interval lies below 1 − threshold.</summary>
    Faster,

    /// <summary>The whole interval lies above 1 + threshold.</summary>
    Slower,

    /// <summary>The whole interval lies inside 1 ± threshold: no difference that matters, shown by the data.</summary>
    Same,

    /// <summary>None of these: the data do not say, or there are too few to say how sure they are.</summary>
    Inconclusive,

    /// <summary>One training a side: what another training would differ by is unknown, so that nothing is said of speed.</summary>
    OneTraining,
}

/// <summary>What an interval stands for.</summary>
internal enum IntervalScope
{
    /// <summary>One training a side (or one pair): the interval holds the noise inside these trainings, not that of another training.</summary>
    OneTraining,

    /// <summary>Several seeds of one run: the interval also holds what differs from training to training.</summary>
    Seeds,

    /// <summary>Several runs a side: the interval also holds what differs from run to run.</summary>
    Runs,
}

/// <summary>
/// The step time of one side over that of the other, as a geometric mean over pairs, with a bootstrap interval over seeds and blocks of
/// steps (docs/statistics.md). Below 1 the first side is faster.
/// </summary>
/// <param name="Estimate">The ratio.</param>
/// <param name="Low">The interval's lower end; NaN: too few steps and seeds for one.</param>
/// <param name="High">Its upper end; NaN likewise.</param>
/// <param name="Level">The interval's level: 0.95.</param>
/// <param name="Threshold">The difference that matters, as a share of 1.</param>
/// <param name="Units">Pairs of seeds, or seeds or runs of the smaller side.</param>
/// <param name="Blocks">Blocks of steps on both sides together.</param>
/// <param name="Scope">What the interval stands for.</param>
internal sealed record PairedRatio(
    double Estimate, double Low, double High, double Level, double Threshold, int Units, int Blocks, IntervalScope Scope)
{
    /// <summary>Differences below it do not matter, unless a user says otherwise: 2 %.</summary>
    public const double DefaultThreshold = 0.02;

    /// <summary>What the interval says at the threshold.</summary>
    public Verdict Verdict => (Low, High) switch
    {
        _ when Scope == IntervalScope.OneTraining => Verdict.OneTraining,
        _ when High < 1 - Threshold => Verdict.Faster,
        _ when Low > 1 + Threshold => Verdict.Slower,
        _ when Low >= 1 - Threshold && High <= 1 + Threshold => Verdict.Same,
        _ => Verdict.Inconclusive,
    };
}
