namespace Daso.Communication;

/// <summary>A place at which ranks can stop. All come by the same places in the same order.</summary>
/// <param name="Training">Trainings that were begun before.</param>
/// <param name="Step">Steps done of the one under way; 0: before it begins.</param>
internal readonly record struct StopPlace(int Training, int Step)
{
    /// <summary>Before all others.</summary>
    public static readonly StopPlace None = new(-1, 0);

    /// <summary>Whether ranks come to this place after another.</summary>
    public bool IsAfter(StopPlace other) => (Training, Step).CompareTo((other.Training, other.Step)) > 0;

    /// <summary>The later one.</summary>
    public static StopPlace Later(StopPlace one, StopPlace other) => one.IsAfter(other) ? one : other;
}

/// <summary>
/// Agrees on where all ranks stop: at the first place that none of them has passed. Costs the ranks nothing until somebody asks, so that
/// steps need no operation of their own for it.
/// </summary>
internal interface IStopAgreement
{
    /// <summary>Asks for a stop; from any thread of any rank's process, once or more.</summary>
    void Request();

    /// <summary>Whether a rank stops here; if not, it passes. Waits while the place is being agreed on.</summary>
    /// <param name="rank">The rank.</param>
    /// <param name="here">Where it is.</param>
    /// <exception cref="OperationCanceledException">The job ended early.</exception>
    /// <exception cref="TimeoutException">The ranks did not agree within the cluster's limit.</exception>
    bool StopsAt(int rank, StopPlace here);
}
