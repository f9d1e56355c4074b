using System.Text.Json.Nodes;
using Daso.Analysis;
using ScottPlot;

namespace Daso.Reporting;

/// <summary>Speed-up over the rate of the link and over the number of nodes, where the reported runs differ in them alone.</summary>
internal static class ScalingPlots
{
    private const string Caption =
        "Training time of the baseline over the strategy's with the same seed, above 1 is faster: the median over the seeds, bars from "
        + "the lowest to the highest.";

    /// <summary>One for each experiment of which at least two runs differ in the rate of the link alone.</summary>
    public static IReadOnlyList<CaptionedPlot> OverLinkRate(IReadOnlyList<RecordedRun> runs, Palette palette) =>
    [
        .. OfLinkRates(runs)
            .Select((group, i) => Draw(
                FormattableString.Invariant($"speedup-over-link-{i + 1}"),
                FormattableString.Invariant(
                    $"{group.Key.Experiment}: speed-up over link rate, {group.Key.Nodes} × {group.Key.RanksPerNode} ranks"),
                "link rate of a node (Gbit/s)",
                place => place.BitsPerSecond!.Value / 1e9,
                [.. group],
                palette)),
    ];

    /// <summary>One for each experiment of which at least two runs differ in the number of nodes alone.</summary>
    public static IReadOnlyList<CaptionedPlot> OverNodes(IReadOnlyList<RecordedRun> runs, Palette palette) =>
    [
        .. Settings(runs)
            .GroupBy(setting => setting.Place with { Nodes = 0 })
            .Where(group => group.DistinctBy(setting => setting.Place.Nodes).Count() > 1)
            .Select((group, i) => Draw(
                FormattableString.Invariant($"speedup-over-nodes-{i + 1}"),
                FormattableString.Invariant(
                    $"{group.Key.Experiment}: speed-up over nodes, {group.Key.RanksPerNode} ranks a node, {Link(group.Key.BitsPerSecond)}"),
                "nodes",
                place => place.Nodes,
                [.. group],
                palette)),
    ];

    /// <summary>What differs in the rate of the link alone, in at least two rates.</summary>
    internal static IEnumerable<IGrouping<Place, Setting>> OfLinkRates(IReadOnlyList<RecordedRun> runs) => Settings(runs)
        .Where(setting => setting.Place.BitsPerSecond is not null)
        .GroupBy(setting => setting.Place with { BitsPerSecond = null })
        .Where(group => group.DistinctBy(setting => setting.Place.BitsPerSecond).Count() > 1);

    private static string Link(double? bitsPerSecond) =>
        bitsPerSecond is double rate ? $"link {Quantity.BitRate(rate)}" : "unlimited link";

    private static CaptionedPlot Draw(
        string id, string title, string xLabel, Func<Place, double> axis, IReadOnlyList<Setting> settings, Palette palette)
    {
        Plot plot = PlotStyle.New(xLabel, "speed-up (×)");
        double[] places = [.. settings.Select(setting => axis(setting.Place)).Distinct().Order()];
        foreach (var strategy in settings.SelectMany(setting => setting.Strategies.Select(s => (setting, s)))
            .Where(one => !one.s.IsBaseline).GroupBy(one => one.s.Strategy))
        {
            var points = strategy.GroupBy(one => axis(one.setting.Place))
                .OrderBy(at => at.Key)
                .Select(at => (X: Math.Log2(at.Key), Ratios: Spread.Of(at.SelectMany(one => one.s.Cells)
                    .Select(cell => 1 / cell.RelativeTraining))))
                .Where(at => at.Ratios.Count > 0)
                .ToArray();
            if (points.Length == 0)
                continue;
            foreach ((double x, Spread ratios) in points)
            {
                ScottPlot.Plottables.LinePlot bar = plot.Add.Line(x, ratios.Minimum, x, ratios.Maximum);
                bar.Color = palette.Colour(strategy.Key);
                bar.LineWidth = 1.5f;
            }

            palette.AddLine(
                plot, strategy.Key, [.. points.Select(p => p.X)], [.. points.Select(p => p.Ratios.Median)], isFirst: true, markers: true);
        }

        ScottPlot.Plottables.HorizontalLine one = plot.Add.HorizontalLine(1, 1, SvgDrawing.Ink);
        one.ExcludeFromLegend = true;
        PlotStyle.Name(
            plot.Axes.Bottom,
            [.. places.Select(Math.Log2)],
            [.. places.Select(value => FormattableString.Invariant($"{value:0.###}"))]);
        plot.Axes.Margins(0.08, 0.1);
        PlotStyle.AddLegend(plot);
        return new CaptionedPlot(id, title, Caption, SvgDrawing.Draw(plot, id, $"{title}. {Caption}", PlotStyle.Width, 340));
    }

    private static IEnumerable<Setting> Settings(IReadOnlyList<RecordedRun> runs) =>
        from run in runs
        from experiment in run.Experiments
        let link = experiment.Plan.Link
        select new Setting(
            new Place(
                experiment.Plan.Name,
                OtherSettings(run, experiment.Plan.Name),
                run.Summary.Cluster.Nodes,
                run.Summary.Cluster.RanksPerNode,
                link?.BitsPerSecond,
                link?.LatencyNs ?? 0),
            [.. experiment.Strategies.Where(strategy => strategy.Cells.Count > 0)]);

    /// <summary>All that must be equal for two runs to lie on one line: the specification less link and seeds, and the device.</summary>
    private static string OtherSettings(RecordedRun run, string experiment)
    {
        if (run.Manifest.Specification[experiment]?.DeepClone() is not JsonObject specification)
            return "";
        specification.Remove("link");
        specification.Remove("seeds");
        specification["device"] = run.Summary.Cluster.Device;
        return specification.ToJsonString();
    }

    /// <summary>What an experiment was measured at.</summary>
    internal sealed record Place(
        string Experiment, string OtherSettings, int Nodes, int RanksPerNode, double? BitsPerSecond, long LatencyNs);

    /// <summary>One experiment of one run.</summary>
    internal sealed record Setting(Place Place, IReadOnlyList<StrategySummary> Strategies);
}
