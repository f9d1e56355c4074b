namespace Daso.Communication.InProcess;

/// <summary>What all groups of one in-process job share: where its ranks sit, the links, and whether the job has ended early.</summary>
internal sealed class InProcessJob : IDisposable
{
    private readonly List<InProcessGroup> _groups = [];
    private readonly EmulatedFabric? _fabric;
    private readonly CancellationTokenSource _ended = new();
    private readonly int[] _nodeOfRank;
    private readonly int[] _nextSplit;
    private int _working;
    private Exception? _reason;

    internal InProcessJob(int[] nodeOfRank, LinkSpec? link, TimeSpan waitLimit)
    {
        _nodeOfRank = nodeOfRank;
        _nextSplit = [.. nodeOfRank.Select(_ => 1)];
        WaitLimit = waitLimit;
        int nodes = nodeOfRank.Max() + 1;
        if (link is not null && nodes > 1)
            _fabric = new EmulatedFabric(link, nodes, failure => End(new ClusterFailedException(null, failure.Message, failure)));
    }

    /// <summary>The longest that a rank waits for others.</summary>
    internal TimeSpan WaitLimit { get; }

    /// <summary>Set when the job ends early.</summary>
    internal CancellationToken Ended => _ended.Token;

    /// <summary>Why the job ended early, if it did.</summary>
    internal Exception? Reason => Volatile.Read(ref _reason);

    /// <summary>
    /// Ends the job: everyone who waits now or later throws. The first reason counts. When this returns no operation touches a rank's
    /// memory any more: it may be freed.
    /// </summary>
    internal void End(Exception reason)
    {
        if (Interlocked.CompareExchange(ref _reason, reason, null) is not null)
        {
            WaitUntilQuiet();
            return;
        }

        _ended.Cancel();
        InProcessGroup[] groups;
        lock (_groups)
            groups = [.. _groups];
        foreach (InProcessGroup group in groups)
            group.Wake();
        WaitUntilQuiet();
    }

    /// <summary>Waits until no operation of a job that has ended touches memory.</summary>
    internal void WaitUntilQuiet() => SpinWait.SpinUntil(() => Volatile.Read(ref _working) == 0);

    /// <summary>The node of a world rank.</summary>
    internal int NodeOf(int rank) => _nodeOfRank[rank];

    /// <exception cref="OperationCanceledException">The job has ended; no operation touches memory any more.</exception>
    internal void ThrowIfEnded()
    {
        if (!_ended.IsCancellationRequested)
            return;
        WaitUntilQuiet();
        throw new OperationCanceledException(_ended.Token);
    }

    internal void Register(InProcessGroup group)
    {
        lock (_groups)
            _groups.Add(group);
    }

    /// <summary>The number of a round of splits: the smallest that is new to all ranks that take part.</summary>
    internal int NumberOfSplit(IReadOnlyList<int> ranks)
    {
        lock (_nextSplit)
        {
            int number = ranks.Max(rank => _nextSplit[rank]);
            foreach (int rank in ranks)
                _nextSplit[rank] = number + 1;
            return number;
        }
    }

    /// <summary>Carries out an operation whose members are all there: over the links, or at once on the calling thread.</summary>
    internal void Execute(SharedOperation operation, PieceScratch scratch)
    {
        if (_fabric is not null && operation.Group.CrossesNodes(operation.Call))
        {
            _fabric.Submit(operation);
            return;
        }

        int pieces = operation.Pieces;
        for (int piece = 0; piece < pieces; piece++)
            Run(operation, piece, scratch);
    }

    /// <summary>Carries out a piece of an operation, unless the job has ended.</summary>
    internal void Run(SharedOperation operation, int piece, PieceScratch scratch)
    {
        // Announced before looking whether the job has ended: whoever ends it either sees this or is seen.
        Interlocked.Increment(ref _working);
        try
        {
            if (!_ended.IsCancellationRequested)
                operation.Run(piece, scratch);
        }
        catch
        {
            // No finally block: the filter that ends the job by this failure would run ahead of it and wait for ever.
            Interlocked.Decrement(ref _working);
            throw;
        }

        Interlocked.Decrement(ref _working);
    }

    public void Dispose()
    {
        _fabric?.Dispose();
        _ended.Dispose();
    }
}
