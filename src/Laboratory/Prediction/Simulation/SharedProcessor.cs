namespace Daso.Prediction.Simulation;

/// <summary>A piece of work on a processor: of a rank, or of an operation.</summary>
internal sealed class Work(double remainingNs, int rank, Operation? operation)
{
    internal double RemainingNs { get; set; } = remainingNs;

    /// <summary>The rank that goes on when it is done; −1: none.</summary>
    internal int Rank => rank;

    /// <summary>The operation that it is a part of.</summary>
    internal Operation? Operation => operation;
}

/// <summary>Cores that all works share equally (processor sharing): with k works on c cores each runs at min(1, c/k).</summary>
internal sealed class SharedProcessor(int cores)
{
    private const double RoundingNs = 1e-3;

    private readonly List<Work> _works = [];
    private double _updatedNs;

    /// <summary>Counts the changes: an end that was foreseen before the last one no longer holds.</summary>
    internal long Version { get; private set; }

    internal void Add(Work work, double nowNs)
    {
        Update(nowNs);
        _works.Add(work);
        Version++;
    }

    /// <summary>When the next work ends if none is added; infinity: there is none.</summary>
    internal double NextEndNs() =>
        _works.Count == 0 ? double.PositiveInfinity : _updatedNs + (Math.Max(0, _works.Min(work => work.RemainingNs)) / Rate);

    /// <summary>Takes out what has ended.</summary>
    internal List<Work> TakeEnded(double nowNs)
    {
        Update(nowNs);
        List<Work> ended = _works.FindAll(work => work.RemainingNs <= RoundingNs);
        _works.RemoveAll(work => work.RemainingNs <= RoundingNs);
        Version++;
        return ended;
    }

    private double Rate => Math.Min(1, (double)cores / _works.Count);

    private void Update(double nowNs)
    {
        double done = _works.Count == 0 ? 0 : (nowNs - _updatedNs) * Rate;
        foreach (Work work in _works)
            work.RemainingNs -= done;
        _updatedNs = nowNs;
    }
}
