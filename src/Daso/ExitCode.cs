namespace Daso;

/// <summary>Exit codes of the command line.</summary>
public enum ExitCode
{
    /// <summary>All done.</summary>
    Done = 0,

    /// <summary>A run failed.</summary>
    RunFailed = 1,

    /// <summary>A wrong option, name, file or value.</summary>
    Usage = 2,

    /// <summary>Slower or worse than the reference.</summary>
    WorseThanReference = 3,

    /// <summary>The target quality was missed.</summary>
    TargetMissed = 4,

    /// <summary>This environment cannot run it: no GPU, no library, no writable folder.</summary>
    Environment = 5,

    /// <summary>Stopped before its time was up, or by a signal, with all that a later process needs to go on: EX_TEMPFAIL of sysexits.h.</summary>
    Stopped = 75,

    /// <summary>Cancelled by the user.</summary>
    Cancelled = 130,
}
