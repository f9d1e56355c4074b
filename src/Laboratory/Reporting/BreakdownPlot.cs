using Daso.Analysis;
using ScottPlot;

namespace Daso.Reporting;

/// <summary>Where a step's time goes: a bar for each strategy, stacked by part.</summary>
internal static class BreakdownPlot
{
    // Computing in cold tones, communication in warm ones, the rest in grey and brown.
    private static readonly Dictionary<string, string> s_colours = new()
    {
        ["data"] = "#9C6B3F",
        ["buffers"] = "#D98880",
        ["forward"] = "#3AA6C4",
        ["backward"] = "#4477AA",
        ["local sync"] = "#C8932B",
        ["global send"] = "#F2A65A",
        ["global wait"] = "#EE6677",
        ["merge"] = "#66A182",
        ["optimizer"] = "#228833",
        ["imbalance"] = "#B65A94",
        ["other"] = "#8A8F98",
    };

    /// <summary>The parts that have a colour.</summary>
    internal static IReadOnlyCollection<string> Parts => s_colours.Keys;

    /// <summary>Of the strategies with complete trainings.</summary>
    public static CaptionedPlot Draw(string id, ExperimentSummary experiment)
    {
        StrategySummary[] strategies = [.. experiment.Strategies.Where(strategy => strategy.Breakdown.StepNs > 0)];
        TimeUnit unit = TimeUnit.For(strategies.Max(strategy => strategy.Breakdown.StepNs));
        Plot plot = PlotStyle.New($"time per step, mean over ranks ({unit.Name})", "");
        string[] parts = [.. strategies[0].Breakdown.Parts().Select(part => part.Name)
            .Where(name => strategies.Any(strategy => strategy.Breakdown.Parts().Any(part => part.Name == name && part.Ns > 0)))];
        foreach (StrategySummary strategy in strategies)
        {
            // From the top down, in the order of the table.
            AddBars(plot, strategies.Length - 1 - Array.IndexOf(strategies, strategy), strategy.Breakdown, unit);
        }

        string[] names = [.. strategies.Select(strategy => strategy.Strategy).Reverse()];
        PlotStyle.Name(plot.Axes.Left, [.. Enumerable.Range(0, names.Length)], names);
        plot.Axes.SetLimits(0, unit.Of(strategies.Max(s => s.Breakdown.StepNs)) * 1.04, -0.6, strategies.Length - 0.4);
        PlotStyle.AddLegend(plot, [.. parts.Select(part => new LegendItem
        {
            LabelText = part,
            FillColor = Color.FromHex(s_colours[part]),
            LineColor = Colors.Transparent,
        })]);
        const string Title = "Where a step's time goes";
        const string Caption = "Mean over ranks, steps and seeds. Imbalance is waiting for ranks that come later to a common operation; "
            + "global wait and local sync are what the operation itself takes once all are there.";
        return new CaptionedPlot(
            id, Title, Caption, SvgDrawing.Draw(plot, id, $"{Title}. {Caption}", PlotStyle.Width, 170 + (40 * strategies.Length)));
    }

    private static void AddBars(Plot plot, int position, StepBreakdown breakdown, TimeUnit unit)
    {
        double end = 0;
        foreach ((string name, double ns) in breakdown.Parts().Where(part => part.Ns > 0))
        {
            double start = end;
            end += unit.Of(ns);
            plot.Add.Bar(new Bar
            {
                Orientation = Orientation.Horizontal,
                Position = position,
                ValueBase = start,
                Value = end,
                Size = 0.7,
                FillColor = Color.FromHex(s_colours[name]),
                LineWidth = 0,
            });
        }
    }
}
