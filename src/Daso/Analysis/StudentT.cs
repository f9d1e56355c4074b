namespace Daso.Analysis;

/// <summary>Quantiles of Student's t distribution.</summary>
internal static class StudentT
{
    private const double Normal975 = 1.959964;
    private const double Normal995 = 2.575829;

    // t(0.975) for 1 … 30 degrees of freedom, as in any table.
    private static readonly double[] s_quantiles975 =
    [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
        2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
        2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];

    // Likewise t(0.995).
    private static readonly double[] s_quantiles995 =
    [
        63.6567, 9.9248, 5.8409, 4.6041, 4.0321, 3.7074, 3.4995, 3.3554, 3.2498, 3.1693,
        3.1058, 3.0545, 3.0123, 2.9768, 2.9467, 2.9208, 2.8982, 2.8784, 2.8609, 2.8453,
        2.8314, 2.8188, 2.8073, 2.7969, 2.7874, 2.7787, 2.7707, 2.7633, 2.7564, 2.7500,
    ];

    /// <summary>The quantile of 0.975.</summary>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double Quantile975(int degreesOfFreedom) => Quantile(s_quantiles975, Normal975, degreesOfFreedom);

    /// <summary>The quantile of 0.995.</summary>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double Quantile995(int degreesOfFreedom) => Quantile(s_quantiles995, Normal995, degreesOfFreedom);

    /// <summary>
    /// By how much a 95 % interval must be wider than with a known spread, because the spread is itself an estimate: the correction of
    /// bootstrap intervals of few values that Hesterberg (2015) gives.
    /// </summary>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double Widening(int degreesOfFreedom) => Quantile975(degreesOfFreedom) / Normal975;

    private static double Quantile(double[] table, double normal, int degreesOfFreedom) => degreesOfFreedom <= table.Length
        ? table[degreesOfFreedom - 1]
        // The first term of the Cornish-Fisher expansion.
        : normal + ((Math.Pow(normal, 3) + normal) / (4 * degreesOfFreedom));
}
