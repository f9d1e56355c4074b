namespace Daso.Analysis;

/// <summary>Quantiles of Student's t distribution.</summary>
internal static class StudentT
{
    private const double Normal975 = 1.959964;

    // t(0.975) for 1 … 30 degrees of freedom, as in any table.
    private static readonly double[] s_quantiles975 =
    [
        12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
        2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860,
        2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484, 2.0452, 2.0423,
    ];

    /// <summary>The quantile of 0.975.</summary>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double Quantile975(int degreesOfFreedom) => degreesOfFreedom <= s_quantiles975.Length
        ? s_quantiles975[degreesOfFreedom - 1]
        // The first term of the Cornish-Fisher expansion; from 31 on its error is below 0.002.
        : Normal975 + ((Math.Pow(Normal975, 3) + Normal975) / (4 * degreesOfFreedom));

    /// <summary>
    /// By how much a 95 % interval must be wider than with a known spread, because the spread is itself an estimate: the correction of
    /// bootstrap intervals of few values that Hesterberg (2015) gives.
    /// </summary>
    /// <param name="degreesOfFreedom">At least 1.</param>
    public static double Widening(int degreesOfFreedom) => Quantile975(degreesOfFreedom) / Normal975;
}
