using Daso.Timing;

namespace Daso.Communication.InProcess;

/// <summary>
/// The links between the nodes of an in-process cluster. An operation occupies the links of its nodes one after the other operations
/// on them (first come, first served); its pieces are reduced and written to the members' buffers by a thread of the fabric's own when
/// the link would have delivered them, beside the ranks' computing.
/// </summary>
internal sealed class EmulatedFabric : IDisposable
{
    private readonly LinkSpec _link;
    private readonly long[] _sendsUntilNs;
    private readonly long[] _receivesUntilNs;
    private readonly PriorityQueue<Transfer, (long DueNs, long Order)> _transfers = new();
    private readonly Stack<Transfer> _idle = [];
    private readonly Action<Exception> _failed;
    private readonly Thread _thread;
    private long _order;
    private bool _isDisposed;

    /// <param name="link">Every node's link.</param>
    /// <param name="nodes">Their number.</param>
    /// <param name="failed">Called on the fabric's thread when carrying out an operation fails.</param>
    internal EmulatedFabric(LinkSpec link, int nodes, Action<Exception> failed)
    {
        _link = link;
        _sendsUntilNs = new long[nodes];
        _receivesUntilNs = new long[nodes];
        _failed = failed;
        _thread = new Thread(Deliver) { IsBackground = true, Name = "emulated links" };
        _thread.Start();
    }

    /// <summary>Takes an operation whose members are all there; returns at once.</summary>
    internal void Submit(SharedOperation operation)
    {
        CollectiveCall call = operation.Call;
        InProcessGroup group = operation.Group;
        (long bytes, int rounds) = call.LinkCost(group.Nodes.Length);
        long transferNs = _link.TransferNs(bytes);
        lock (_transfers)
        {
            // A message uses one direction of two links; everything else both of all.
            long startNs = call.Kind == CollectiveKind.Transfer
                ? TakeMessage(group.NodeOf(call.Root), group.NodeOf(call.Target), transferNs)
                : TakeAll(group.Nodes, transferNs);
            if (!_idle.TryPop(out Transfer? transfer))
                transfer = new Transfer();
            transfer.Begin(operation, startNs + (rounds * _link.LatencyNs), transferNs, _order++);
            _transfers.Enqueue(transfer, transfer.Next);
            Monitor.Pulse(_transfers);
        }
    }

    public void Dispose()
    {
        lock (_transfers)
        {
            _isDisposed = true;
            Monitor.Pulse(_transfers);
        }

        _thread.Join();
    }

    private long TakeMessage(int from, int to, long transferNs)
    {
        long startNs = Math.Max(ProcessClock.NowNs, Math.Max(_sendsUntilNs[from], _receivesUntilNs[to]));
        _sendsUntilNs[from] = _receivesUntilNs[to] = startNs + transferNs;
        return startNs;
    }

    private long TakeAll(ReadOnlySpan<int> nodes, long transferNs)
    {
        long startNs = ProcessClock.NowNs;
        foreach (int node in nodes)
            startNs = Math.Max(startNs, Math.Max(_sendsUntilNs[node], _receivesUntilNs[node]));
        foreach (int node in nodes)
            _sendsUntilNs[node] = _receivesUntilNs[node] = startNs + transferNs;
        return startNs;
    }

    private void Deliver()
    {
        try
        {
            PieceScratch scratch = PieceScratch.OfThisThread;
            while (WaitForDue() is Transfer transfer)
            {
                transfer.Operation!.Group.Job.Run(transfer.Operation, transfer.Piece, scratch);
                lock (_transfers)
                {
                    if (transfer.Advance())
                        _transfers.Enqueue(transfer, transfer.Next);
                    else
                        _idle.Push(transfer);
                }
            }
        }
        catch (Exception failure)
        {
            _failed(failure);
        }
    }

    /// <summary>Takes the next transfer when its piece is due; null when the fabric is disposed of.</summary>
    private Transfer? WaitForDue()
    {
        while (true)
        {
            long remainingNs;
            lock (_transfers)
            {
                if (_isDisposed)
                    return null;
                if (_transfers.Count == 0)
                {
                    Monitor.Wait(_transfers);
                    continue;
                }

                remainingNs = _transfers.Peek().Next.DueNs - ProcessClock.NowNs;
                if (remainingNs <= 0)
                    return _transfers.Dequeue();

                // Waits of whole milliseconds can be interrupted by an earlier piece; the rest is slept in one go, without a lock.
                long wholeMs = (remainingNs / 1_000_000) - 1;
                if (wholeMs > 0)
                {
                    Monitor.Wait(_transfers, (int)Math.Min(wholeMs, int.MaxValue));
                    continue;
                }
            }

            PreciseDelay.Sleep(remainingNs);
        }
    }

    /// <summary>An operation on the links, and the piece that is delivered next.</summary>
    private sealed class Transfer
    {
        private long _startNs;
        private long _transferNs;
        private long _order;
        private int _pieces;

        internal SharedOperation? Operation { get; private set; }

        internal int Piece { get; private set; }

        internal (long DueNs, long Order) Next => (_startNs + (long)((Piece + 1.0) / _pieces * _transferNs), _order);

        internal void Begin(SharedOperation operation, long startNs, long transferNs, long order)
        {
            Operation = operation;
            Piece = 0;
            _startNs = startNs;
            _transferNs = transferNs;
            _order = order;
            // Asked for once: after the last piece the members may already have reused the operation.
            _pieces = operation.Pieces;
        }

        /// <summary>Goes to the next piece; false when all are delivered.</summary>
        internal bool Advance()
        {
            if (++Piece < _pieces)
                return true;
            Operation = null;
            return false;
        }
    }
}
