using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A span as its rank recorded it.</summary>
/// <param name="Kind">What.</param>
/// <param name="Epoch">From 0.</param>
/// <param name="Step">From 0, over the whole training.</param>
/// <param name="StartNs">On the rank's own clock.</param>
/// <param name="DurationNs">How long it took.</param>
/// <param name="Bytes">Sent over the node's link.</param>
/// <param name="Group">Of the operation that it was about, the group; <see cref="RecordFormat.NoOperation"/>: none in particular.</param>
/// <param name="Sequence">Of the operation, its number in the group.</param>
internal readonly record struct RecordedSpan(
    SpanKind Kind, int Epoch, int Step, long StartNs, long DurationNs, long Bytes, long Group, long Sequence);

/// <summary>When an epoch of a rank ran, on its own clock, in nanoseconds.</summary>
internal sealed class EpochClock
{
    private readonly List<(long StartNs, long DurationNs)> _evaluations = [];
    private long _firstStepNs = long.MaxValue;
    private long _lastStepNs;

    /// <summary>Begin of the first span but evaluation; <see cref="long.MaxValue"/>: there is none.</summary>
    public long FirstNs { get; private set; } = long.MaxValue;

    /// <summary>End of the last one.</summary>
    public long LastNs { get; private set; }

    /// <summary>Steps of the epoch.</summary>
    public int Steps { get; private set; }

    /// <summary>From the first step's begin to the last one's end, what lies between steps included.</summary>
    public long StepsNs => Steps > 0 ? _lastStepNs - _firstStepNs : 0;

    /// <summary>From where to where it was evaluated; null: it was not.</summary>
    public (long FirstNs, long LastNs)? Evaluation => _evaluations.Count == 0
        ? null
        : (_evaluations.Min(one => one.StartNs), _evaluations.Max(one => one.StartNs + one.DurationNs));

    /// <summary>
    /// From the first training span's start to the last one's end, work of the strategy after the last step included, less the evaluation
    /// between them.
    /// </summary>
    public long TrainingNs => Math.Max(0, LastNs - FirstNs)
        - _evaluations.Where(one => one.StartNs >= FirstNs && one.StartNs < LastNs).Sum(one => one.DurationNs);

    public void Add(in RecordedSpan span)
    {
        if (span.Kind == SpanKind.Evaluation)
        {
            _evaluations.Add((span.StartNs, span.DurationNs));
            return;
        }

        long endNs = span.StartNs + span.DurationNs;
        FirstNs = Math.Min(FirstNs, span.StartNs);
        LastNs = Math.Max(LastNs, endNs);
        if (span.Kind != SpanKind.Step)
            return;
        Steps++;
        _firstStepNs = Math.Min(_firstStepNs, span.StartNs);
        _lastStepNs = Math.Max(_lastStepNs, endNs);
    }
}

/// <summary>
/// What one rank's spans of one cell come to, taken up in one pass over its file: some numbers a step, whatever the number of spans.
/// </summary>
/// <param name="leftOut">Steps that were disturbed from outside; null: none.</param>
internal sealed class RankTimes(IReadOnlySet<int>? leftOut = null)
{
    private readonly long[] _totalsNs = new long[Enum.GetValues<SpanKind>().Length];
    private readonly long[] _undisturbedNs = new long[Enum.GetValues<SpanKind>().Length];
    private readonly int[] _counts = new int[Enum.GetValues<SpanKind>().Length];
    private readonly List<long> _stepsNs = [];
    private readonly List<EpochClock> _epochs = [];
    private double[] _computingNs = [];

    /// <summary>Steps up to the last that a span belongs to.</summary>
    public int Steps { get; private set; }

    /// <summary>Bytes that all spans sent over the node's link.</summary>
    public long Bytes { get; private set; }

    /// <summary>Its epochs; those of which nothing was recorded are empty.</summary>
    public IReadOnlyList<EpochClock> Epochs => _epochs;

    /// <summary>What it waited for in steps that were not disturbed.</summary>
    public StepWaits Waits { get; } = new();

    /// <param name="folder">The run's folder.</param>
    /// <param name="cell">The cell.</param>
    /// <param name="rank">The rank.</param>
    /// <param name="leftOut">Steps that were disturbed from outside; null: none.</param>
    /// <exception cref="UserErrorException">The file cannot be read, or is another cell's or rank's.</exception>
    public static RankTimes Read(RunFolder folder, CellId cell, int rank, IReadOnlySet<int>? leftOut)
    {
        var times = new RankTimes(leftOut);
        RankSpans.Read(folder, cell, rank, span => times.Add(span));
        return times;
    }

    /// <summary>Takes up the next span of the rank.</summary>
    public void Add(in RecordedSpan span)
    {
        _totalsNs[(int)span.Kind] += span.DurationNs;
        _counts[(int)span.Kind]++;
        Bytes += span.Bytes;
        Steps = Math.Max(Steps, span.Step + 1);
        while (_epochs.Count <= span.Epoch)
            _epochs.Add(new EpochClock());
        _epochs[span.Epoch].Add(span);
        if (leftOut?.Contains(span.Step) != true)
        {
            _undisturbedNs[(int)span.Kind] += span.DurationNs;
            Waits.Add(span);
        }

        if (span.Kind == SpanKind.Step)
        {
            while (_stepsNs.Count <= span.Step)
                _stepsNs.Add(0);
            _stepsNs[span.Step] = span.DurationNs;
        }
        else if (span.Kind is SpanKind.Forward or SpanKind.Backward)
        {
            if (span.Step >= _computingNs.Length)
                Grow(span.Step);
            _computingNs[span.Step] = (double.IsNaN(_computingNs[span.Step]) ? 0 : _computingNs[span.Step]) + span.DurationNs;
        }
    }

    /// <summary>Training time of an epoch; 0 where nothing was recorded of it.</summary>
    public long TrainingNs(int epoch) => epoch < _epochs.Count ? _epochs[epoch].TrainingNs : 0;

    /// <summary>All time in spans of a kind.</summary>
    public long TotalNs(SpanKind kind) => _totalsNs[(int)kind];

    /// <summary>The same without the steps that were disturbed.</summary>
    public long UndisturbedNs(SpanKind kind) => _undisturbedNs[(int)kind];

    /// <summary>Spans of a kind.</summary>
    public int Count(SpanKind kind) => _counts[(int)kind];

    /// <summary>The time of each step; 0 where there is none.</summary>
    /// <param name="steps">How many.</param>
    public long[] StepsNs(int steps)
    {
        long[] times = new long[steps];
        for (int i = 0; i < Math.Min(steps, _stepsNs.Count); i++)
            times[i] = _stepsNs[i];
        return times;
    }

    /// <summary>Forward and backward of each step that has them, summed.</summary>
    public double[] ComputingNs() => [.. _computingNs.Where(ns => !double.IsNaN(ns))];

    private void Grow(int step)
    {
        int old = _computingNs.Length;
        Array.Resize(ref _computingNs, Math.Max(step + 1, old * 2));
        _computingNs.AsSpan(old).Fill(double.NaN);
    }
}
