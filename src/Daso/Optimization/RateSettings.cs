namespace Daso.Optimization;

/// <summary>What the schedules' settings have in common.</summary>
internal static class RateSettings
{
    /// <exception cref="UserErrorException">Not a finite number above 0.</exception>
    internal static void RequireRate(string setting, double rate)
    {
        if (!(rate is > 0 and < double.PositiveInfinity))
            throw new UserErrorException(FormattableString.Invariant($"learning rate with {setting} {rate}: take one above 0"));
    }

    /// <exception cref="UserErrorException">Not a finite number, or below 0.</exception>
    internal static void RequireAtLeastZero(string setting, double value)
    {
        if (!(value is >= 0 and < double.PositiveInfinity))
            throw new UserErrorException(FormattableString.Invariant($"learning rate with {setting} {value}: take 0 or more"));
    }

    /// <summary>What a linear warm-up leaves of the rate: (step + 1) / warmupSteps, at most 1.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="warmupSteps">0: no warm-up.</param>
    internal static double WarmupFactor(long step, double warmupSteps) => step + 1 >= warmupSteps ? 1 : (step + 1) / warmupSteps;
}
