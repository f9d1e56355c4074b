namespace Daso.Recording;

/// <summary>
/// Marks on the stream that a device computes a rank's work on. A mark is passed when all is done that was queued before it; marks are
/// passed in the order in which they were set. Used by one thread at a time.
/// </summary>
internal interface IStreamMarks : IDisposable
{
    /// <summary>Sets a mark behind all that is queued, and does not wait for it.</summary>
    /// <param name="mark">Which of the <see cref="Count"/>; what it marked before is forgotten.</param>
    void Set(int mark);

    /// <summary>How many marks there are.</summary>
    int Count { get; }

    /// <summary>Whether a mark is passed.</summary>
    bool IsPassed(int mark);

    /// <summary>Time between two marks that are passed, nanoseconds.</summary>
    long ElapsedNs(int from, int to);
}
