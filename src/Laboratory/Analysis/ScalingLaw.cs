using MathNet.Numerics.LinearRegression;

namespace Daso.Analysis;

/// <summary>
/// Steps to a target over the batch size B: K = c₁/B + c₂, as convergence theory has it for SGD (Lee et al., "Understanding the effects of data
/// parallelism and sparsity on neural network training", ICLR 2021, arXiv 2003.11316, section 4). While c₁/B prevails, twice the batch
/// halves the steps; beyond <see cref="CriticalBatch"/> ever less.
/// </summary>
/// <param name="Samples">c₁: samples that small batches need.</param>
/// <param name="Steps">c₂: steps that the largest batch needs.</param>
/// <param name="MedianError">Of the law at the measured batches, as a share; the median magnitude.</param>
internal sealed record ScalingLaw(double Samples, double Steps, double MedianError)
{
    /// <summary>c₁/c₂: the batch at which both terms are equal; infinite where larger batches have always saved in proportion.</summary>
    public double CriticalBatch => Samples / Steps;

    /// <summary>
    /// The law of least squared relative errors; no term is negative. Null: fewer than two batch sizes.
    /// </summary>
    /// <param name="points">Batch sizes and steps, both above 0; batch sizes may come several times, as with several seeds.</param>
    internal static ScalingLaw? Fit(IReadOnlyList<(double Batch, double Steps)> points)
    {
        if (points.Select(point => point.Batch).Distinct().Count() < 2)
            return null;
        // Divided by the measured steps: K̂/K − 1 is the relative error.
        double[] inverse = [.. points.Select(point => 1 / (point.Batch * point.Steps))], flat = [.. points.Select(point => 1 / point.Steps)];
        double[] ones = [.. points.Select(_ => 1.0)];
        double[] both = MultipleRegression.QR([.. inverse.Zip(flat, (one, other) => new[] { one, other })], ones, intercept: false);
        (double samples, double steps) = (both[0], both[1]);
        if (steps < 0)
            (samples, steps) = (Alone(inverse), 0);
        else if (samples < 0)
            (samples, steps) = (0, Alone(flat));
        return new ScalingLaw(
            samples, steps, Statistics.Median([.. points.Select(point => Math.Abs((((samples / point.Batch) + steps) / point.Steps) - 1))]));

        static double Alone(double[] term) => term.Sum() / term.Sum(value => value * value);
    }
}
