using Daso.Analysis;

namespace Daso.Reporting;

/// <summary>At which rates of the link a strategy is as fast as the baseline, in words, from runs that differ in that rate alone.</summary>
internal static class LinkCrossings
{
    /// <summary>A sentence for each strategy of each experiment.</summary>
    /// <param name="runs">The runs.</param>
    public static IReadOnlyList<string> InWords(IReadOnlyList<RecordedRun> runs) =>
    [
        .. from same in ScalingPlots.OfLinkRates(runs)
           from strategy in same.SelectMany(setting => setting.Strategies.Select(one => (Rate: setting.Place.BitsPerSecond!.Value, Strategy: one)))
               .Where(one => one.Strategy is { IsBaseline: false, LessWork: null })
               .GroupBy(one => one.Strategy.Strategy)
           let points = strategy.GroupBy(one => one.Rate)
               .OrderBy(at => at.Key)
               .Select(at => (Rate: at.Key, Ratio: Spread.Of(at.SelectMany(one => one.Strategy.Cells).Select(cell => cell.RelativeTraining)).Median))
               .Where(point => double.IsFinite(point.Ratio))
               .ToArray()
           where points.Length > 1
           select $"{same.Key.Experiment}: {strategy.Key} {Sentence(points)}.",
    ];

    /// <summary>What the ratios to the baseline say.</summary>
    /// <param name="points">Training time over the baseline's at each rate in bit/s, by rate; at least two.</param>
    internal static string Sentence(IReadOnlyList<(double Rate, double Ratio)> points)
    {
        string between = $"from {Quantity.BitRate(points[0].Rate)} to {Quantity.BitRate(points[^1].Rate)} "
            + $"({Quantity.Fixed(points[0].Ratio, 2)}…{Quantity.Fixed(points[^1].Ratio, 2)} of its training time)";
        double[] crossings = [.. points.Zip(points.Skip(1)).Where(pair => IsFaster(pair.First) != IsFaster(pair.Second))
            .Select(pair => Crossing(pair.First, pair.Second))];
        return (crossings, IsFaster(points[0])) switch
        {
            ([], true) => $"is faster than the baseline at every rate {between}",
            ([], false) => $"is not faster than the baseline at any rate {between}",
            ([double one], bool isFasterBelow) =>
                $"is faster than the baseline {(isFasterBelow ? "below" : "above")} {Quantity.MeasuredBitRate(one)}, measured {between}",
            _ => $"changes sides with the baseline at {string.Join(", ", crossings.Select(Quantity.MeasuredBitRate))}, measured {between}: "
                + "too close or too noisy to say more",
        };
    }

    private static bool IsFaster((double Rate, double Ratio) point) => point.Ratio < 1;

    /// <summary>Where the line through two points, over the logarithm of the rate, meets 1.</summary>
    private static double Crossing((double Rate, double Ratio) below, (double Rate, double Ratio) above)
    {
        double share = (1 - below.Ratio) / (above.Ratio - below.Ratio);
        return below.Rate * Math.Pow(above.Rate / below.Rate, share);
    }
}
