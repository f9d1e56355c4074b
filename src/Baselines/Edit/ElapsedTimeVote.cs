using System.Diagnostics;
using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// Lets all ranks find in the same step that time has passed: in every step each starts to tell whether it has for itself, and learns one
/// step later whether it had for any. So nobody waits for a rank that is less than a step behind.
/// </summary>
internal sealed class ElapsedTimeVote : IDisposable
{
    private readonly StepTimer _timer;
    private readonly double _seconds;
    private readonly FlatTensor _votes = new(1, CPU);
    private readonly RangeReduction _sum;
    private long _since = Stopwatch.GetTimestamp();
    private bool _hasVoted;

    /// <param name="context">The ranks and the timer.</param>
    /// <param name="seconds">From one time to the next.</param>
    internal ElapsedTimeVote(StrategyContext context, double seconds)
    {
        _timer = context.Timer;
        _seconds = seconds;
        _sum = new RangeReduction(_votes, context.Ranks.World);
    }

    /// <summary>Whether a rank has found in the last step that time is up; it counts anew then.</summary>
    internal bool IsDue()
    {
        bool isDue = false;
        if (_hasVoted)
        {
            SpanMark start = _timer.Mark();
            long bytes = _sum.Finish();
            _timer.End(SpanKind.GlobalWait, start, bytes, _sum.LastOperation);
            isDue = _votes.Host.Span[0] > 0;
        }

        if (isDue)
            _since = Stopwatch.GetTimestamp();
        _votes.Host.Span[0] = Stopwatch.GetElapsedTime(_since).TotalSeconds >= _seconds ? 1 : 0;
        _sum.Start(ReduceOperation.Sum);
        _hasVoted = true;
        return isDue;
    }

    /// <summary>Writes the vote under way, which is waited for; how much time has passed is not saved.</summary>
    internal void Save(BinaryWriter writer)
    {
        writer.Write(_hasVoted);
        _sum.Save(writer);
        _votes.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        _hasVoted = reader.ReadBoolean();
        _sum.Load(reader);
        _votes.Load(reader);
    }

    public void Dispose()
    {
        // A vote that is under way stays with its operation.
        if (!_sum.IsUnderWay)
            _votes.Dispose();
    }
}
