namespace Daso.Strategies;

/// <summary>What is skipped in an epoch; all 0 in the blocking phases.</summary>
/// <param name="Global">B: batches from one global synchronisation to the next.</param>
/// <param name="Local">S: batches from one local averaging of gradients to the next.</param>
/// <param name="Wait">W: batches from sending to merging.</param>
internal readonly record struct DasoSkips(int Global, int Local, int Wait)
{
    /// <summary>The cycling phase's first skips.</summary>
    internal static DasoSkips Start(DasoSettings settings) => settings.Variant == DasoVariant.Paper
        ? new DasoSkips(settings.MaxGlobalSkips, 1, AtLeastOne(settings.MaxGlobalSkips / 4))
        : new DasoSkips(4, 1, 1);

    /// <summary>
    /// The skips after the loss has plateaued. Paper: B and W are halved, and after B = 1 both start again. Heat: B and S are divided by
    /// the reduction factor and W loses one; after B = 1, B is the maximum and S and W are the maximum divided by the local skip factor.
    /// </summary>
    internal DasoSkips AfterPlateau(DasoSettings settings)
    {
        if (settings.Variant == DasoVariant.Paper)
            return Global > 1 ? new DasoSkips(Global / 2, 1, AtLeastOne(Wait / 2)) : Start(settings);

        if (Global > 1)
        {
            int global = Global / settings.SkipReductionFactor;
            int local = Local / settings.SkipReductionFactor;
            int wait = Wait - 1;
            // Exactly 0 becomes 1: a wait of 0 that was set after B = 1 goes below, as in the reference.
            return global > 0 ? new DasoSkips(global, local == 0 ? 1 : local, wait == 0 ? 1 : wait) : new DasoSkips(0, local, wait);
        }

        int fraction = settings.MaxGlobalSkips / settings.LocalSkipFactor;
        return Global == 1 ? new DasoSkips(settings.MaxGlobalSkips, fraction, fraction) : this;
    }

    /// <summary>
    /// With W as measured, at most B. Where B follows the link, too, it is one more than W, so that what is sent next has the merge in it.
    /// </summary>
    internal DasoSkips Measured(DasoSettings settings, int wait)
    {
        int global = settings.Auto == DasoAuto.WaitAndSkips ? Math.Min(settings.MaxGlobalSkips, wait + 1) : Global;
        return new DasoSkips(global, Local, Math.Clamp(wait, 1, global));
    }

    private static int AtLeastOne(int value) => Math.Max(1, value);
}
