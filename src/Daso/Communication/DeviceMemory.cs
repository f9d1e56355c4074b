namespace Daso.Communication;

/// <summary>
/// Memory of a device that a communicator works on itself; the host cannot read it. In a 16-bit wire format it is the packed copy of the
/// range.
/// </summary>
internal abstract class DeviceMemory : IArriving, IPrecedingWork
{
    /// <summary>Whether the computation behind the values is done: for communicators of the host.</summary>
    public abstract bool HasArrived { get; }

    /// <summary>Whether what makes the values is queued, so that a stream can wait for it.</summary>
    public abstract bool IsQueued { get; }

    /// <summary>Lets what a stream queues from now on begin when the values are there.</summary>
    public abstract void Precede(nint stream);

    /// <inheritdoc />
    public abstract void Complete();

    /// <summary>The result is there when a stream has done what it has queued so far. Before <see cref="Complete"/>; of several streams each.</summary>
    internal abstract void Succeed(nint stream);

    /// <summary>
    /// Queues this member's share of an operation of ranks of one process, on its device and beside its computation: after all members'
    /// values are there. Called of all members, then <see cref="AwaitShares"/> of all.
    /// </summary>
    /// <param name="call">What.</param>
    /// <param name="members">The members' ranges, each of such memory.</param>
    /// <param name="rank">This one's number among them.</param>
    internal abstract void QueueShare(CollectiveCall call, ReadOnlySpan<TensorRange> members, int rank);

    /// <summary>The result is there when all members' shares are done, this one's values are in no share any more.</summary>
    internal abstract void AwaitShares();

    /// <summary>The address of an element, on the device.</summary>
    /// <param name="offset">Its number.</param>
    internal abstract nint AddressOf(int offset);
}
