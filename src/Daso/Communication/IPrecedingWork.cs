namespace Daso.Communication;

/// <summary>
/// Work on a device that an operation's values come from, where that is not all that the computation has queued: a place in the
/// computation that was noted earlier, or another operation.
/// </summary>
internal interface IPrecedingWork
{
    /// <summary>Whether <see cref="Precede"/> may be called; of an operation on memory of the host: whether it is done. Asked by any thread.</summary>
    bool IsQueued { get; }

    /// <summary>Lets what a stream queues from now on begin after this work.</summary>
    void Precede(nint stream);
}
