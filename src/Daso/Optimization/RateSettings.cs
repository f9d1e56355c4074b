namespace Daso.Optimization;

/// <summary>What the schedules have in common.</summary>
internal static class RateSettings
{
    /// <summary>What a linear warm-up leaves of the rate: (step + 1) / warmupSteps, at most 1.</summary>
    /// <param name="step">From 0.</param>
    /// <param name="warmupSteps">0: no warm-up.</param>
    internal static double WarmupFactor(long step, double warmupSteps) => step + 1 >= warmupSteps ? 1 : (step + 1) / warmupSteps;
}
