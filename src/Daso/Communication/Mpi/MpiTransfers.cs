namespace Daso.Communication.Mpi;

/// <summary>
/// A group's messages from rank to rank. They go on beside each other and beside the group's collectives, but those of one tag from one
/// rank to another one after the other, as their pieces look alike.
/// </summary>
/// <param name="library">Moves the messages.</param>
/// <param name="communicator">The group.</param>
/// <param name="rank">This rank's number in it.</param>
internal sealed class MpiTransfers(MpiLibrary library, nint communicator, int rank) : IDisposable
{
    private readonly List<Started> _started = [];
    private readonly List<MpiTransfer> _underWay = [];
    private readonly Stack<MpiTransfer> _free = [];
    private readonly HashSet<long> _done = [];
    private long _tokens;
    private int _open;

    /// <summary>Whether messages are under way or wait for their turn.</summary>
    internal bool IsBusy => Volatile.Read(ref _open) > 0;

    /// <summary>By the rank, with the group's lock: adds a message.</summary>
    /// <returns>Its token, below 0.</returns>
    internal long Add(CollectiveCall call, TensorRange values)
    {
        long token = --_tokens;
        _started.Add(new Started(token, call, values));
        Volatile.Write(ref _open, _open + 1);
        return token;
    }

    /// <summary>With the group's lock: whether a message is done.</summary>
    internal bool IsDone(long token) => _done.Contains(token);

    /// <summary>With the group's lock: forgets a message that is done.</summary>
    internal bool TakeDone(long token) => _done.Remove(token);

    /// <summary>On the communication thread: does what can be done without waiting.</summary>
    /// <param name="gate">The group's lock.</param>
    /// <returns>Whether anything was.</returns>
    internal bool Advance(object gate)
    {
        bool hasMoved = false;
        lock (gate)
        {
            for (int i = 0; i < _started.Count; i++)
            {
                if (!_started[i].Values.HasArrived || MustWait(i))
                    continue;
                MpiTransfer transfer = _free.TryPop(out MpiTransfer? free) ? free : new MpiTransfer(library, communicator);
                transfer.Begin(_started[i].Token, _started[i].Call, _started[i].Values, _started[i].Call.Root == rank);
                _underWay.Add(transfer);
                _started.RemoveAt(i--);
                hasMoved = true;
            }
        }

        for (int i = 0; i < _underWay.Count; i++)
        {
            MpiTransfer transfer = _underWay[i];
            hasMoved |= transfer.Advance();
            if (!transfer.IsDone)
                continue;
            transfer.End();
            _underWay.RemoveAt(i--);
            _free.Push(transfer);
            lock (gate)
            {
                _done.Add(transfer.Token);
                Volatile.Write(ref _open, _open - 1);
                Monitor.PulseAll(gate);
            }
        }

        return hasMoved;
    }

    public void Dispose()
    {
        foreach (MpiTransfer transfer in _free)
            transfer.Dispose();
    }

    private bool MustWait(int index)
    {
        CollectiveCall call = _started[index].Call;
        for (int i = 0; i < index; i++)
        {
            if (IsAlike(_started[i].Call, call))
                return true;
        }

        foreach (MpiTransfer transfer in _underWay)
        {
            if (IsAlike(transfer.Call, call))
                return true;
        }

        return false;
    }

    private static bool IsAlike(CollectiveCall one, CollectiveCall other) =>
        (one.Root, one.Target, one.UserTag) == (other.Root, other.Target, other.UserTag);

    private readonly record struct Started(long Token, CollectiveCall Call, TensorRange Values);
}
