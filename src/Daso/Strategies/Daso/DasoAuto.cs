namespace Daso.Strategies;

/// <summary>What the cycling phase takes from the measured time of exchanges, so that nothing is waited for.</summary>
public enum DasoAuto
{
    /// <summary>Nothing: B and W are the schedule's.</summary>
    None,

    /// <summary>W: as many batches as an exchange takes, at most B.</summary>
    Wait,

    /// <summary>W, and B: synchronisations follow each other as closely as the link allows, at most the maximum apart.</summary>
    WaitAndSkips,
}
