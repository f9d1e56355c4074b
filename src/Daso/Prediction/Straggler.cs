namespace Daso.Prediction;

/// <summary>How long one waits for the slowest of several ranks whose times are normally distributed with deviation σ.</summary>
public static class Straggler
{
    /// <summary>
    /// The expected maximum of p standard normal numbers, as Φ⁻¹((p − 3/8)/(p + 1/4)) (Blom, Statistical Estimates and Transformed
    /// Beta-Variables, 1958): 1 % from the exact value or better for p ≥ 4.
    /// </summary>
    public static double Expected(int ranks) => ranks <= 1 ? 0 : NormalQuantile((ranks - 0.375) / (ranks + 0.25));

    /// <summary>√(2·ln p): an upper bound of the expected maximum, and its limit for large p.</summary>
    public static double Bound(int ranks) => ranks <= 1 ? 0 : Math.Sqrt(2 * Math.Log(ranks));

    /// <summary>Φ⁻¹ for 0.5 ≤ p &lt; 1: formula 26.2.23 of Abramowitz and Stegun, absolute error below 4.5·10⁻⁴.</summary>
    private static double NormalQuantile(double p)
    {
        double t = Math.Sqrt(-2 * Math.Log(1 - p));
        return t - ((2.515517 + (t * (0.802853 + (t * 0.010328)))) / (1 + (t * (1.432788 + (t * (0.189269 + (t * 0.001308)))))));
    }
}
