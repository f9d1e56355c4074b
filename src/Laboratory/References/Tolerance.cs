using Daso.Analysis;
using MathNet.Numerics.Distributions;

namespace Daso.References;

/// <summary>
/// How far a run's figure may be from that of the reference runs: the 99 % prediction interval of a further run, and at least a floor
/// below which differences do not matter (docs/nightly.md).
/// </summary>
/// <remarks>
/// A few runs say little of the noise between runs. What is assumed of it counts as much as <see cref="PriorFreedom"/> further runs: the
/// moderated variance of Smyth (2004).
/// </remarks>
/// <param name="Reach">To either side, on logarithms.</param>
/// <param name="Noise">The standard deviation from run to run that it was computed from, as a share.</param>
internal sealed record Tolerance(double Reach, double Noise)
{
    /// <summary>Runs that the assumption about the noise counts as.</summary>
    public const int PriorFreedom = 4;

    /// <summary>A change that references must show in 99 of 100 runs: 25 %. Those that cannot are none.</summary>
    public const double MustFind = 0.25;

    // One-sided: 99 of 100 changes of the size that is promised are found.
    private static readonly double s_normal99 = Normal.InvCDF(0, 1, 0.99);

    /// <summary>How far below the reference a figure may be, as a share of it: above -1, at most 0.</summary>
    public double Lower => Math.Exp(-Reach) - 1;

    /// <summary>How far above the reference a figure may be, as a share of it.</summary>
    public double Upper => Math.Exp(Reach) - 1;

    /// <summary>The smallest fall that 99 of 100 runs show, as a share of the reference.</summary>
    public double FindsFall => 1 - Math.Exp(-Reach - (s_normal99 * Noise));

    /// <summary>The smallest rise that 99 of 100 runs show, as a share of the reference.</summary>
    /// <param name="blur">
    /// How far a run's own 95 % interval reaches down, on logarithms: of a rise up to there the run cannot be sure. 0: there is none.
    /// </param>
    public double FindsRise(double blur = 0) => Math.Exp(Math.Max(Reach, blur) + (s_normal99 * Noise)) - 1;

    /// <param name="runs">The reference runs' figures, positive.</param>
    /// <param name="assumed">What is assumed of the noise from run to run, as a share.</param>
    /// <param name="floor">The least rise to allow, as a share.</param>
    public static Tolerance Of(double[] runs, double assumed, double floor)
    {
        double[] logs = [.. runs.Select(run => Math.Log(run))];
        int freedom = logs.Length - 1;
        double between = freedom > 0 ? Statistics.StandardDeviation(logs) : 0;
        double noise = Math.Sqrt(((PriorFreedom * assumed * assumed) + (freedom * between * between)) / (PriorFreedom + freedom));
        double reach = NormalTheory.StudentT(0.995, PriorFreedom + freedom) * noise * Math.Sqrt(1 + (1.0 / logs.Length));
        return new Tolerance(Math.Max(Math.Log(1 + floor), reach), noise);
    }
}
