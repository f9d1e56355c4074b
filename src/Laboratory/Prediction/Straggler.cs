using MathNet.Numerics.Distributions;

namespace Daso.Prediction;

/// <summary>How long one waits for the slowest of several ranks whose times are normally distributed with deviation σ.</summary>
internal static class Straggler
{
    /// <summary>
    /// The expected maximum of p standard normal numbers, as Φ⁻¹((p − 3/8)/(p + 1/4)) (Blom, Statistical Estimates and Transformed
    /// Beta-Variables, 1958): 1.9 % from the exact value at p = 4, below 1 % from p = 8.
    /// </summary>
    public static double Expected(int ranks) => ranks <= 1 ? 0 : Normal.InvCDF(0, 1, (ranks - 0.375) / (ranks + 0.25));

    /// <summary>√(2·ln p): an upper bound of the expected maximum, and its limit for large p.</summary>
    public static double Bound(int ranks) => ranks <= 1 ? 0 : Math.Sqrt(2 * Math.Log(ranks));
}
