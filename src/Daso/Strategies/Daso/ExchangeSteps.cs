namespace Daso.Strategies;

/// <summary>
/// Measures how many steps an exchange takes from its send until its result is there, at the ends of steps and without waiting for it: the
/// first end of a step at which it is done, or where its merge had to wait, the steps until then and those that the wait would have been.
/// Two exchanges are under way at most, as the next is sent before the last is merged.
/// </summary>
internal sealed class ExchangeSteps
{
    private readonly Queue<Exchange> _underWay = new(2);

    /// <summary>A send.</summary>
    /// <param name="nowNs">The time, on any clock that goes on evenly.</param>
    internal void Sent(long nowNs) => _underWay.Enqueue(new Exchange(nowNs, 0, IsDone: false));

    /// <summary>A step has ended, the sends and merges that follow it are still to come.</summary>
    /// <param name="areDone">Whether the results of all that were sent are there.</param>
    internal void StepEnded(bool areDone)
    {
        for (int count = _underWay.Count; count > 0; count--)
        {
            Exchange one = _underWay.Dequeue();
            _underWay.Enqueue(one.IsDone ? one : one with { Steps = one.Steps + 1, IsDone = areDone });
        }
    }

    /// <summary>The oldest exchange has been merged. Returns the steps that it took, at least 1; 0: its send was not seen.</summary>
    /// <param name="waitedFromNs">When its result was first waited for.</param>
    /// <param name="nowNs">When that was over.</param>
    internal int Merged(long waitedFromNs, long nowNs)
    {
        if (!_underWay.TryDequeue(out Exchange one) || one.Steps == 0)
            return 0;
        if (one.IsDone)
            return one.Steps;
        double stepNs = Math.Max(1, (double)(waitedFromNs - one.SentNs) / one.Steps);
        return one.Steps + (int)Math.Min(int.MaxValue / 2, Math.Ceiling((nowNs - waitedFromNs) / stepNs));
    }

    private readonly record struct Exchange(long SentNs, int Steps, bool IsDone);
}
