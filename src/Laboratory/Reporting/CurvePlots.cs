using Daso.Analysis;
using Daso.Recording;
using ScottPlot;

namespace Daso.Reporting;

/// <summary>Loss and quality over epochs and over training time: a line for each seed.</summary>
internal static class CurvePlots
{
    /// <summary>Of one metric; null if no training measured it.</summary>
    /// <param name="id">Of the figure.</param>
    /// <param name="experiment">What to show.</param>
    /// <param name="palette">Of the report.</param>
    /// <param name="metric">Its name in the records.</param>
    /// <param name="overTime">Over training time, or else over epochs.</param>
    public static CaptionedPlot? Draw(string id, ExperimentSummary experiment, Palette palette, string metric, bool overTime)
    {
        (string Strategy, CellSummary Cell)[] cells = [.. experiment.Strategies
            .SelectMany(strategy => strategy.Cells.Select(cell => (strategy.Strategy, cell)))
            .Where(cell => Points(cell.cell, metric).Length > 0)];
        if (cells.Length == 0)
            return null;

        (string name, string unitOfMetric) = Describe(experiment.Plan, metric);
        TimeUnit unit = TimeUnit.For(cells.Max(cell => cell.Cell.Epochs[^1].TrainingNs));
        Plot plot = PlotStyle.New(overTime ? $"training time ({unit.Name})" : "epochs trained", unitOfMetric);
        var seen = new HashSet<string>();
        foreach ((string strategy, CellSummary cell) in cells)
        {
            EpochPoint[] points = Points(cell, metric);
            double[] x = [.. points.Select(point => overTime ? unit.Of(point.TrainingNs) : point.Epoch + 1)];
            palette.AddLine(plot, strategy, x, [.. points.Select(point => point.Value(metric)!.Value)], seen.Add(strategy), markers: true);
        }

        if (!overTime)
            plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic { IntegerTicksOnly = true };
        plot.Axes.Margins(0.05, 0.08);
        PlotStyle.AddLegend(plot);
        string title = $"{name} over {(overTime ? "training time" : "epochs")}";
        string caption = "A line for each seed, the first one thicker; a point after each epoch."
            + (overTime ? " Evaluation and warm-up are not part of the time." : "");
        return new CaptionedPlot(id, title, caption, SvgDrawing.Draw(plot, id, $"{title}. {caption}", PlotStyle.Width, 340));
    }

    private static EpochPoint[] Points(CellSummary cell, string metric) =>
        [.. cell.Epochs.Where(point => point.Value(metric) is double value && double.IsFinite(value))];

    /// <summary>Title and unit of a metric. The training loss has the unit of the loss on held-out data.</summary>
    private static (string Title, string Unit) Describe(PlannedExperiment plan, string metric)
    {
        if (metric == MetricNames.TrainLoss)
            return ("Training loss", plan.Metrics.FirstOrDefault(one => one.Name == "loss")?.Unit ?? "loss");
        return plan.Metrics.FirstOrDefault(one => MetricNames.HeldOut(one.Name) == metric) is RecordedMetric recorded
            ? (recorded.Title, recorded.Unit)
            : (metric, metric);
    }
}
