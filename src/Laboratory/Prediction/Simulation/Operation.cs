namespace Daso.Prediction.Simulation;

/// <summary>One collective, from its first member's start to the last one's wait.</summary>
internal sealed class Operation(OperationGroup group, CollectiveTime time, Term term)
{
    /// <summary>Whose; in its order.</summary>
    internal OperationGroup Group => group;

    /// <summary>What it takes.</summary>
    internal CollectiveTime Time => time;

    /// <summary>Where waiting for it is booked.</summary>
    internal Term Term => term;

    /// <summary>Members that have joined, whether they have arrived or not.</summary>
    internal int Joined { get; set; }

    /// <summary>Members that have arrived.</summary>
    internal int Arrived { get; set; }

    /// <summary>When the last one did.</summary>
    internal double ReadyNs { get; set; }

    /// <summary>Whether it runs only while it is waited for.</summary>
    internal bool IsLazy { get; init; }

    /// <summary>Parts of it that are still under way: the transfer, the arithmetic.</summary>
    internal int PartsLeft { get; set; }

    /// <summary>Whether its result is there.</summary>
    internal bool IsDone { get; set; }

    /// <summary>Told when its result is there.</summary>
    internal Action? Done { get; init; }

    /// <summary>Ranks that wait for it.</summary>
    internal List<int> Waiting { get; } = [];
}

/// <summary>A group of ranks whose operations follow each other.</summary>
/// <param name="shape">How many members.</param>
/// <param name="firstNode">The first of its nodes; the others follow.</param>
/// <param name="card">The one card that its traffic uses; null: all.</param>
/// <param name="isSerial">Whether an operation begins after the one before has ended; otherwise they only share the links.</param>
internal sealed class OperationGroup(GroupShape shape, int firstNode, int? card, bool isSerial)
{
    private readonly Dictionary<long, Operation> _open = [];
    private readonly Dictionary<int, long> _sequences = [];

    internal GroupShape Shape => shape;

    internal int FirstNode => firstNode;

    internal int? Card => card;

    internal bool IsSerial => isSerial;

    /// <summary>Until when its operations occupy it.</summary>
    internal double BusyUntilNs { get; set; }

    /// <summary>A rank's next operation; the first to come makes it.</summary>
    internal Operation Join(int rank, CollectiveTime time, Term term, bool isLazy = false)
    {
        long sequence = _sequences.GetValueOrDefault(rank);
        _sequences[rank] = sequence + 1;
        if (!_open.TryGetValue(sequence, out Operation? operation))
            _open.Add(sequence, operation = new Operation(this, time, term) { IsLazy = isLazy });
        if (++operation.Joined == shape.Ranks)
            _open.Remove(sequence);
        return operation;
    }
}
