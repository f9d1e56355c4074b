using MathNet.Numerics.Distributions;

namespace Daso.Analysis;

/// <summary>Figures of the normal distribution and of those that come with it.</summary>
internal static class NormalTheory
{
    /// <summary>A deviation over its median absolute deviation: 1/Φ⁻¹(3/4).</summary>
    internal static readonly double DeviationOfMad = 1 / Normal.InvCDF(0, 1, 0.75);

    private static readonly double s_normal975 = Normal.InvCDF(0, 1, 0.975);

    /// <summary>A quantile of Student's t distribution.</summary>
    /// <param name="probability">Above 0 and below 1.</param>
    /// <param name="degreesOfFreedom">Above 0; need not be whole.</param>
    internal static double StudentT(double probability, double degreesOfFreedom) =>
        MathNet.Numerics.Distributions.StudentT.InvCDF(0, 1, degreesOfFreedom, probability);

    /// <summary>
    /// By how much a 95 % interval must be wider than with a known spread, because the spread is itself an estimate: the correction of
    /// bootstrap intervals of few values that Hesterberg (2015) gives.
    /// </summary>
    /// <param name="degreesOfFreedom">Above 0.</param>
    internal static double Widening(double degreesOfFreedom) => StudentT(0.975, degreesOfFreedom) / s_normal975;
}
