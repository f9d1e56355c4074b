namespace Daso.Communication;

/// <summary>An operation under way. It is waited for once, by the host or by the device's compute stream.</summary>
public readonly struct PendingOperation
{
    private readonly IOperationSource _source;
    private readonly IMemoryLease? _lease;
    private readonly long _token;

    /// <param name="source">What runs it.</param>
    /// <param name="token">Tells the operation from others of the source; of a collective its number among the group's.</param>
    /// <param name="lease">The memory of a device's range.</param>
    internal PendingOperation(IOperationSource source, long token, IMemoryLease? lease)
    {
        _source = source;
        _token = token;
        _lease = lease;
    }

    /// <summary>The group's <see cref="ICommunicator.Id"/>.</summary>
    public long Group => _source.Id;

    /// <summary>
    /// The operation's number among the group's collectives, from 0, the same on all its ranks; −1: a send or a receive, of which only two
    /// ranks know. With <see cref="Group"/> it names the operation in records.
    /// </summary>
    public long Sequence => Math.Max(-1, _token);

    /// <summary>Whether a wait would return at once: the operation is done, or queued on the device that carries it out.</summary>
    public bool IsCompleted => _source.IsCompleted(_token);

    /// <summary>
    /// Blocks until the operation is done. Afterwards memory of the host holds the result, and what is computed on a device sees it. Returns
    /// the bytes that this rank's node sent to other nodes for it and that are booked on this rank (each node's bytes are booked on one of
    /// its ranks).
    /// </summary>
    /// <exception cref="OperationCanceledException">The job ended early: another rank failed, or the user cancelled it.</exception>
    /// <exception cref="TimeoutException">Not all ranks came within the cluster's limit; the message names those missing.</exception>
    public long Wait()
    {
        long bytes = _source.Wait(_token);
        _lease?.Return();
        return bytes;
    }

    /// <summary>Lets what a stream of the range's device queues from now on see the result, once <see cref="IsCompleted"/> says that it is on its way.</summary>
    internal void Precede(nint stream) => _lease?.Precede(stream);

    /// <summary>
    /// As <see cref="Wait"/>, but where a device carries the operation out (NCCL, the GPUs of a process), its compute stream waits and the
    /// host does not. What the host carries out (in-process, MPI) the host has to wait for.
    /// </summary>
    public long WaitOnStream()
    {
        long bytes = _source.WaitOnStream(_token);
        _lease?.Return();
        return bytes;
    }
}

/// <summary>What a communicator implements behind <see cref="PendingOperation"/>; reused, so that a step allocates nothing.</summary>
internal interface IOperationSource
{
    /// <summary>See <see cref="PendingOperation.Group"/>.</summary>
    long Id { get; }

    /// <summary>See <see cref="PendingOperation.IsCompleted"/>.</summary>
    bool IsCompleted(long token);

    /// <summary>See <see cref="PendingOperation.Wait"/>.</summary>
    long Wait(long token);

    /// <summary>See <see cref="PendingOperation.WaitOnStream"/>.</summary>
    long WaitOnStream(long token) => Wait(token);
}
