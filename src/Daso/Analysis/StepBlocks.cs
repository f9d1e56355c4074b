using System.Numerics.Tensors;

namespace Daso.Analysis;

/// <summary>
/// One training cut into blocks of consecutive steps, long enough that blocks are nearly independent and that each holds whole periods of
/// a schedule. A block's time is that of the slowest rank over the whole block: ranks may drift apart inside it and meet again.
/// </summary>
/// <remarks>
/// Noise is drawn as in the local block bootstrap (Paparoditis and Politis 2002): in place of each block's deviation from its
/// neighbourhood comes that of a random block of the same neighbourhood, so that phases of a schedule are not taken for noise.
/// </remarks>
internal sealed class StepBlocks
{
    /// <summary>The shortest block: two periods of a schedule with 8 skipped steps.</summary>
    public const int FewestSteps = 16;

    private const int MostBlocks = 20;
    private const int FewestBlocks = 4;
    private const int Neighbours = 7;

    // Of each block in turn, its neighbours' scaled deviations from their mean, as shares of the whole time.
    private readonly double[] _deviations;
    private readonly int _neighbours;

    private StepBlocks(double[] stepsNs, double meanNs)
    {
        Count = stepsNs.Length;
        MeanNs = meanNs;
        _neighbours = Math.Min(Neighbours, Count);
        _deviations = Count < FewestBlocks ? [] : Deviations(stepsNs, _neighbours, meanNs * Count);
        for (int i = 0; i < _deviations.Length; i++)
            Variance += _deviations[i] * _deviations[i] / _neighbours;
    }

    /// <summary>Blocks.</summary>
    public int Count { get; }

    /// <summary>Mean time of a step, nanoseconds.</summary>
    public double MeanNs { get; }

    /// <summary>Whether there are enough blocks to say how noisy they are.</summary>
    public bool HasNoise => _deviations.Length > 0;

    /// <summary>The variance of what <see cref="Draw"/> gives.</summary>
    public double Variance { get; }

    /// <summary>Cuts a training into blocks.</summary>
    /// <param name="ranks">Of each rank, the time of every step in nanoseconds; all of one length, at least one step.</param>
    public static StepBlocks Of(IReadOnlyList<long[]> ranks)
    {
        int steps = ranks[0].Length;
        double[] stepsNs = new double[Math.Clamp(steps / FewestSteps, 1, MostBlocks)];
        long totalNs = 0;
        for (int i = 0; i < stepsNs.Length; i++)
        {
            int first = (int)((long)steps * i / stepsNs.Length);
            int end = (int)((long)steps * (i + 1) / stepsNs.Length);
            long blockNs = ranks.Max(rank => TensorPrimitives.Sum<long>(rank.AsSpan(first, end - first)));
            stepsNs[i] = (double)blockNs / (end - first);
            totalNs += blockNs;
        }

        return new StepBlocks(stepsNs, (double)totalNs / steps);
    }

    /// <summary>A random relative error of <see cref="MeanNs"/>, such as another training of the same kind would have.</summary>
    public double Draw(Random random)
    {
        double sum = 0;
        for (int i = 0; i < _deviations.Length; i += _neighbours)
            sum += _deviations[i + random.Next(_neighbours)];
        return sum;
    }

    private static double[] Deviations(double[] stepsNs, int neighbours, double totalNs)
    {
        // A sample's deviations from its own mean are too small, and few blocks say little of their spread.
        double scale = Math.Sqrt(neighbours / (neighbours - 1.0)) * NormalTheory.Widening(stepsNs.Length - 1) / totalNs;
        double[] deviations = new double[stepsNs.Length * neighbours];
        for (int i = 0; i < stepsNs.Length; i++)
        {
            int first = Math.Clamp(i - (neighbours / 2), 0, stepsNs.Length - neighbours);
            ReadOnlySpan<double> near = stepsNs.AsSpan(first, neighbours);
            double mean = Statistics.Mean(near);
            for (int k = 0; k < neighbours; k++)
                deviations[(i * neighbours) + k] = (near[k] - mean) * scale;
        }

        return deviations;
    }
}
