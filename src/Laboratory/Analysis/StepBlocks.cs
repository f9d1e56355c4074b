using System.Numerics.Tensors;

namespace Daso.Analysis;

/// <summary>
/// One training cut into blocks of consecutive steps, long enough that blocks are nearly independent and that each holds whole periods of
/// a schedule. A block's time is that of the slowest rank over the whole block: ranks may drift apart inside it and meet again.
/// </summary>
/// <remarks>
/// What is noise must be told from the phases of a schedule. Trainings of one strategy with other seeds have the same schedule: a block's
/// error is what is left of its time, as a share of its training's, beside the mean of the blocks at the same steps. A training alone has
/// its neighbours only: the error is how far a block lies off the line through the two beside it (the pseudo-residuals of Gasser, Sroka
/// and Jennen-Steinmetz 1986), which a phase's begin and end still widen.
/// </remarks>
internal sealed class StepBlocks
{
    /// <summary>The shortest block: two periods of a schedule with 8 skipped steps.</summary>
    public const int FewestSteps = 16;

    private const int MostBlocks = 20;
    private const int FewestBlocks = 4;

    private readonly int _steps;

    // Of each block, its share of the training's mean step.
    private readonly double[] _shares;

    // What a block may add to the relative error of the mean; empty: unknown.
    private readonly double[] _errors;

    private StepBlocks(int steps, double meanNs, double[] shares, double[] errors)
    {
        _steps = steps;
        MeanNs = meanNs;
        _shares = shares;
        _errors = errors;
        Variance = errors.Length == 0 ? 0 : Count * TensorPrimitives.SumOfSquares<double>(errors) / errors.Length;
    }

    /// <summary>Blocks.</summary>
    public int Count => _shares.Length;

    /// <summary>Mean time of a step, nanoseconds.</summary>
    public double MeanNs { get; }

    /// <summary>Whether there are enough blocks to say how noisy they are.</summary>
    public bool HasNoise => _errors.Length > 0;

    /// <summary>The variance of what <see cref="Draw"/> gives.</summary>
    public double Variance { get; }

    /// <summary>Cuts a training into blocks.</summary>
    /// <param name="ranks">Of each rank, the time of every step in nanoseconds; all of one length, at least one step.</param>
    /// <param name="leftOut">Steps whose times do not count, not all of them; null: all count.</param>
    public static StepBlocks Of(IReadOnlyList<long[]> ranks, IReadOnlySet<int>? leftOut = null)
    {
        int steps = ranks[0].Length;
        double[] stepsNs = new double[Math.Clamp(steps / FewestSteps, 1, MostBlocks)];
        long totalNs = 0, totalSteps = 0;
        for (int i = 0; i < stepsNs.Length; i++)
        {
            int first = (int)((long)steps * i / stepsNs.Length);
            int end = (int)((long)steps * (i + 1) / stepsNs.Length);
            int[] counted = [.. Enumerable.Range(first, end - first).Where(step => leftOut?.Contains(step) != true)];
            if (counted.Length == 0)
                counted = [.. Enumerable.Range(first, end - first)];
            long blockNs = ranks.Max(rank => counted.Sum(step => rank[step]));
            stepsNs[i] = (double)blockNs / counted.Length;
            totalNs += blockNs;
            totalSteps += counted.Length;
        }

        double meanNs = (double)totalNs / totalSteps;
        double[] shares = [.. stepsNs.Select(blockNs => blockNs / meanNs)];
        return new StepBlocks(steps, meanNs, shares, OffNeighbours(shares));
    }

    /// <summary>The same trainings, their noise told from the phases of the schedule that those of one length have in common.</summary>
    /// <param name="trainings">Of one strategy, with different seeds.</param>
    public static IReadOnlyList<StepBlocks> Together(IReadOnlyList<StepBlocks> trainings)
    {
        ILookup<int, StepBlocks> byLength = trainings.ToLookup(training => training._steps);
        return
        [
            .. trainings.Select(training => byLength[training._steps].ToArray() is { Length: > 1 } alike
                ? new StepBlocks(training._steps, training.MeanNs, training._shares, OffOtherSeeds(alike))
                : training),
        ];
    }

    /// <summary>A random relative error of <see cref="MeanNs"/>, such as another training of the same kind would have.</summary>
    public double Draw(Random random)
    {
        double sum = 0;
        for (int i = 0; HasNoise && i < Count; i++)
            sum += _errors[random.Next(_errors.Length)];
        return sum;
    }

    /// <summary>What the blocks' shares differ by from the mean at the same steps, over seeds.</summary>
    private static double[] OffOtherSeeds(StepBlocks[] seeds)
    {
        int blocks = seeds[0].Count;
        if (blocks < FewestBlocks)
            return [];
        double[] usual = [.. Enumerable.Range(0, blocks).Select(block => seeds.Average(seed => seed._shares[block]))];
        // Two means are taken off, a block's over seeds and a seed's over blocks: the rest is too small by both.
        int freedom = (seeds.Length - 1) * (blocks - 1);
        double scale = Math.Sqrt((double)seeds.Length * blocks / freedom) * NormalTheory.Widening(freedom) / blocks;
        return [.. seeds.SelectMany(seed => seed._shares.Zip(usual, (share, mean) => (share - mean) * scale))];
    }

    /// <summary>How far blocks lie off the line through their neighbours, in both directions.</summary>
    private static double[] OffNeighbours(double[] shares)
    {
        if (shares.Length < FewestBlocks)
            return [];
        // Of independent blocks 1, −2, 1 has six times the variance; overlapping ones are worth 18 in 35 (their correlations −4/6 and 1/6).
        double freedom = (shares.Length - 2) * 18 / 35.0;
        double scale = NormalTheory.Widening(freedom) / Math.Sqrt(6) / shares.Length;
        double[] off = [.. Enumerable.Range(1, shares.Length - 2).Select(i => (shares[i - 1] - (2 * shares[i]) + shares[i + 1]) * scale)];
        return [.. off, .. off.Select(error => -error)];
    }
}
