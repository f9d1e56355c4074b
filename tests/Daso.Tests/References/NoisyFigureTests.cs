using Daso.References;
using MathNet.Numerics.Distributions;

namespace Daso.Tests.References;

public class NoisyFigureTests
{
    private const double True = 0.75;

    [Theory]
    [InlineData(6)]
    [InlineData(8)]
    [InlineData(12)]
    [InlineData(24)]
    [InlineData(40)]
    public void The_interval_holds_the_true_ratio_as_often_as_it_says(int seeds)
    {
        var random = new Random(seeds);
        // ± 0.7 %, two standard errors.
        Assert.InRange(Coverage(new Normal(0, 0.02, random), seeds), 0.933, 0.98);
        Assert.InRange(Coverage(new StudentT(0, 0.02, 4, random), seeds), 0.923, 0.985);
    }

    [Theory]
    [InlineData(6, 1)]
    [InlineData(12, 2)]
    [InlineData(40, 8)]
    public void Hiccups_hardly_widen_the_interval(int seeds, int hiccups)
    {
        double[] ratios = [.. Enumerable.Range(0, seeds).Select(i => True * (1 + (0.001 * (i * 7 % seeds))))];
        NoisyFigure even = NoisyFigure.OfRatios(ratios, (1, 1));
        NoisyFigure held = NoisyFigure.OfRatios([.. ratios.Select((ratio, i) => i < hiccups ? ratio * 1.5 : ratio)], (1, 1));
        Assert.InRange(Math.Log(held.HighFactor), 0, 2 * Math.Log(even.HighFactor));
    }

    private static double Coverage(IContinuousDistribution noise, int seeds)
    {
        const int Trials = 4000;
        int held = 0;
        for (int trial = 0; trial < Trials; trial++)
        {
            NoisyFigure figure = NoisyFigure.OfRatios([.. Enumerable.Range(0, seeds).Select(_ => True * Math.Exp(noise.Sample()))], (1, 1));
            held += figure.Value * figure.LowFactor <= True && figure.Value * figure.HighFactor >= True ? 1 : 0;
        }

        return (double)held / Trials;
    }
}
