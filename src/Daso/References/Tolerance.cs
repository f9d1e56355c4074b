using Daso.Analysis;

namespace Daso.References;

/// <summary>
/// How far a run's figure may be from that of the reference runs: the 99 % prediction interval of a further run, and at least a floor
/// below which differences do not matter (docs/nightly.md).
/// </summary>
/// <remarks>
/// A few runs say little of the noise between runs. What the seeds inside the runs say, and at least a least noise, counts as much as
/// <see cref="PriorFreedom"/> further runs: the moderated variance of Smyth (2004).
/// </remarks>
/// <param name="Share">As a share of the figure.</param>
/// <param name="Noise">The standard deviation from run to run that it was computed from, as a share.</param>
internal sealed record Tolerance(double Share, double Noise)
{
    /// <summary>Runs that the assumption about the noise counts as.</summary>
    public const int PriorFreedom = 4;

    // One-sided: 99 of 100 slowdowns of the size that is promised are found.
    private const double Normal99 = 2.326348;

    /// <summary>The smallest change for the worse that 99 of 100 runs show.</summary>
    public double FindsShare => Math.Exp(Math.Log(1 + Share) + (Normal99 * Noise)) - 1;

    /// <param name="runs">The reference runs' figures, positive.</param>
    /// <param name="errors">Their standard errors from inside the runs, as shares; NaN: unknown.</param>
    /// <param name="leastNoise">The least noise to assume.</param>
    /// <param name="floor">The least tolerance.</param>
    public static Tolerance Of(double[] runs, double[] errors, double leastNoise, double floor)
    {
        double[] logs = [.. runs.Select(run => Math.Log(run))];
        double[] known = [.. errors.Where(double.IsFinite)];
        double assumed = Math.Max(leastNoise, known.Length > 0 ? Statistics.Median(known) : 0);
        int freedom = logs.Length - 1;
        double between = freedom > 0 ? Statistics.StandardDeviation(logs) : 0;
        double noise = Math.Sqrt(((PriorFreedom * assumed * assumed) + (freedom * between * between)) / (PriorFreedom + freedom));
        double reach = NormalTheory.StudentT(0.995, PriorFreedom + freedom) * noise * Math.Sqrt(1 + (1.0 / logs.Length));
        return new Tolerance(Math.Max(floor, Math.Exp(reach) - 1), noise);
    }
}
