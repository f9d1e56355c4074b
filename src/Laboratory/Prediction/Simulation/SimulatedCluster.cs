namespace Daso.Prediction.Simulation;

/// <summary>
/// Discrete events: ranks that compute, start operations and wait; cards that serve operations first come, first served; and, where the
/// ranks share cores, a processor that is shared equally. Time is in nanoseconds from the start.
/// </summary>
internal sealed class SimulatedCluster
{
    private readonly SystemSpec _system;
    private readonly PriorityQueue<Event, (double DueNs, long Order)> _events = new();
    private readonly SharedProcessor? _processor;
    private readonly double[] _cardBusyUntilNs;
    private readonly IEnumerator<Activity>[] _programs;
    private readonly Activity[] _current;
    private readonly double[] _sinceNs;
    private readonly double[] _terms = new double[Enum.GetValues<Term>().Length];
    private long _order;

    internal SimulatedCluster(SystemSpec system)
    {
        _system = system;
        _processor = system.SharedCores is int cores ? new SharedProcessor(cores) : null;
        _cardBusyUntilNs = new double[system.Nodes * system.CardsPerNode];
        _programs = new IEnumerator<Activity>[system.Ranks];
        _current = new Activity[system.Ranks];
        _sinceNs = new double[system.Ranks];
    }

    /// <summary>The present.</summary>
    internal double NowNs { get; private set; }

    /// <summary>When the last rank came to its program's end; operations may go on after it.</summary>
    internal double LastRankNs { get; private set; }

    /// <summary>Told when a rank signals.</summary>
    internal Action<int>? Signalled { get; set; }

    /// <summary>Time booked to a term, summed over the ranks.</summary>
    internal double BookedNs(Term term) => _terms[(int)term];

    /// <summary>Runs all programs to their ends.</summary>
    internal void Run(Func<int, IEnumerable<Activity>> programOf)
    {
        for (int rank = 0; rank < _programs.Length; rank++)
            _programs[rank] = programOf(rank).GetEnumerator();
        for (int rank = 0; rank < _programs.Length; rank++)
            Continue(rank);
        while (_events.TryDequeue(out Event next, out (double DueNs, long Order) due))
        {
            if (next.Kind == EventKind.ProcessorEnds && next.Version != _processor!.Version)
                continue;
            NowNs = due.DueNs;
            Handle(next);
        }
    }

    /// <summary>Calls back at a time.</summary>
    internal void At(double dueNs, Action action) => Enqueue(new Event(EventKind.Call, -1, null, 0, action), dueNs);

    /// <summary>Carries out an operation whose members are all there.</summary>
    internal void Execute(Operation operation)
    {
        operation.ReadyNs = NowNs;
        double startNs = NowNs;
        OperationGroup group = operation.Group;
        CollectiveTime time = operation.Time;
        if (group.IsSerial)
            startNs = Math.Max(startNs, group.BusyUntilNs);
        if (time.InterNs > 0)
        {
            foreach (int card in Cards(group))
                startNs = Math.Max(startNs, _cardBusyUntilNs[card]);
            foreach (int card in Cards(group))
                _cardBusyUntilNs[card] = startNs + time.InterNs;
        }

        // Inside a process the last to come tells the others: nobody has to notice.
        double overheadNs = _system.IsInProcess && group.Shape.Nodes == 1 ? 0 : _system.OverheadNs;
        double transferNs = time.LatencyNs + time.IntraNs + time.InterNs + overheadNs;
        operation.PartsLeft = 1;
        if (_processor is null)
            transferNs += time.ReduceNs;
        else if (time.ReduceNs > 0)
            AddWork(operation, startNs);
        group.BusyUntilNs = startNs + transferNs;
        Enqueue(new Event(EventKind.PartEnds, -1, operation, 0, null), startNs + transferNs);
    }

    /// <summary>Marks an operation as done and lets go on who waits.</summary>
    internal void Complete(Operation operation)
    {
        operation.IsDone = true;
        foreach (int rank in operation.Waiting)
        {
            double late = Math.Clamp(operation.ReadyNs - _sinceNs[rank], 0, NowNs - _sinceNs[rank]);
            _terms[(int)Term.Straggler] += late;
            _terms[(int)operation.Term] += NowNs - _sinceNs[rank] - late;
            Continue(rank);
        }

        operation.Done?.Invoke();
    }

    /// <summary>The arithmetic beside the transfer.</summary>
    private void AddWork(Operation operation, double startNs)
    {
        operation.PartsLeft++;
        At(startNs, () => Occupy(new Work(operation.Time.ReduceNs, -1, operation)));
    }

    private void Continue(int rank)
    {
        while (_programs[rank].MoveNext())
        {
            Activity activity = _programs[rank].Current;
            _current[rank] = activity;
            _sinceNs[rank] = NowNs;
            switch (activity.Kind)
            {
                case ActivityKind.Compute when activity.WorkNs > 0:
                    Occupy(new Work(activity.WorkNs, rank, null));
                    return;
                case ActivityKind.Start when !activity.Operation!.IsLazy:
                    if (Arrive(rank, activity.Operation))
                        return;
                    break;
                case ActivityKind.Wait when !activity.Operation!.IsDone:
                    activity.Operation.Waiting.Add(rank);
                    if (activity.Operation.IsLazy)
                        Arrive(rank, activity.Operation);
                    return;
                case ActivityKind.Signal:
                    Signalled!(rank);
                    break;
            }
        }

        LastRankNs = NowNs;
    }

    /// <summary>
    /// A member is there. Returns whether it is kept busy: in one process with nothing to transfer the last to come does the arithmetic
    /// itself.
    /// </summary>
    private bool Arrive(int rank, Operation operation)
    {
        if (++operation.Arrived < operation.Group.Shape.Ranks)
            return false;
        if (_processor is not null && !operation.Group.IsSerial && operation.Time is { InterNs: < 1, ReduceNs: > 0 })
        {
            operation.ReadyNs = NowNs;
            operation.PartsLeft = 1;
            Occupy(new Work(operation.Time.ReduceNs, rank, operation));
            return true;
        }

        Execute(operation);
        return false;
    }

    private void Occupy(Work work)
    {
        if (_processor is null)
        {
            Enqueue(new Event(EventKind.RankGoesOn, work.Rank, null, 0, null), NowNs + work.RemainingNs);
            return;
        }

        _processor.Add(work, NowNs);
        ForeseeEnd();
    }

    private void Handle(Event next)
    {
        switch (next.Kind)
        {
            case EventKind.RankGoesOn:
                GoOn(next.Rank);
                break;
            case EventKind.PartEnds:
                EndPart(next.Operation!);
                break;
            case EventKind.ProcessorEnds:
                foreach (Work work in _processor!.TakeEnded(NowNs))
                {
                    if (work.Operation is not null)
                        EndPart(work.Operation);
                    if (work.Rank >= 0)
                        GoOn(work.Rank);
                }

                ForeseeEnd();
                break;
            case EventKind.Call:
                next.Action!();
                break;
        }
    }

    private void GoOn(int rank)
    {
        _terms[(int)_current[rank].Term] += NowNs - _sinceNs[rank];
        Continue(rank);
    }

    private void EndPart(Operation operation)
    {
        if (--operation.PartsLeft == 0)
            Complete(operation);
    }

    private void ForeseeEnd()
    {
        double endNs = _processor!.NextEndNs();
        if (double.IsFinite(endNs))
            Enqueue(new Event(EventKind.ProcessorEnds, -1, null, _processor.Version, null), Math.Max(endNs, NowNs));
    }

    private IEnumerable<int> Cards(OperationGroup group)
    {
        int cards = _system.CardsPerNode;
        for (int node = group.FirstNode; node < group.FirstNode + group.Shape.Nodes; node++)
        {
            if (group.Card is int one)
                yield return (node * cards) + (one % cards);
            for (int card = 0; group.Card is null && card < cards; card++)
                yield return (node * cards) + card;
        }
    }

    private void Enqueue(Event next, double dueNs) => _events.Enqueue(next, (dueNs, _order++));

    private enum EventKind
    {
        RankGoesOn,
        PartEnds,
        ProcessorEnds,
        Call,
    }

    private readonly record struct Event(EventKind Kind, int Rank, Operation? Operation, long Version, Action? Action);
}
