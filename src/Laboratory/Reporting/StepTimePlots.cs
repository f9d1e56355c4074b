using Daso.Analysis;
using ScottPlot;

namespace Daso.Reporting;

/// <summary>The slowest rank's time per step: its distribution and its course.</summary>
internal static class StepTimePlots
{
    private const int MaximumBins = 150;

    /// <summary>A box for each strategy.</summary>
    public static CaptionedPlot Distribution(string id, ExperimentSummary experiment, Palette palette)
    {
        StrategySummary[] strategies = Measured(experiment);
        TimeUnit unit = TimeUnit.For(strategies.Max(strategy => Quantile(strategy, 0.95)));
        Plot plot = PlotStyle.New("", $"time per step ({unit.Name})");
        for (int i = 0; i < strategies.Length; i++)
        {
            // The adder gives it a colour of its own.
            plot.Add.Box(BoxOf(strategies[i], i, unit)).FillColor = palette.Colour(strategies[i].Strategy).WithAlpha(0.6);
        }

        PlotStyle.Name(plot.Axes.Bottom, [.. Enumerable.Range(0, strategies.Length)], [.. strategies.Select(s => s.Strategy)]);
        plot.Axes.SetLimits(-0.7, strategies.Length - 0.3, 0, unit.Of(strategies.Max(s => Quantile(s, 0.95))) * 1.05);
        return Finish(plot, id, "Time per step",
            "The slowest rank's time per step over all steps of all seeds: median and quartiles, whiskers at 5 % and 95 %.");
    }

    /// <summary>A line for each strategy.</summary>
    public static CaptionedPlot Course(string id, ExperimentSummary experiment, Palette palette)
    {
        StrategySummary[] strategies = Measured(experiment);
        int steps = strategies.Max(strategy => strategy.Cells.Max(cell => cell.StepsNs.Length));
        int width = Math.Max(1, (steps + MaximumBins - 1) / MaximumBins);
        double[][] courses = [.. strategies.Select(strategy => Medians(strategy, width))];
        double maximumNs = courses.Max(course => course.Max());
        TimeUnit unit = TimeUnit.For(maximumNs);
        Plot plot = PlotStyle.New("step", $"time per step ({unit.Name})");
        for (int i = 0; i < strategies.Length; i++)
        {
            double[] positions = [.. courses[i].Select((_, bin) => (bin * width) + ((width - 1) / 2.0))];
            palette.AddLine(plot, strategies[i].Strategy, positions, [.. courses[i].Select(unit.Of)], isFirst: true, markers: false);
        }

        plot.Axes.SetLimits(0, Math.Max(1, steps - 1), 0, unit.Of(maximumNs) * 1.05);
        PlotStyle.AddLegend(plot);
        string bins = width == 1 ? "each step" : FormattableString.Invariant($"each {width} steps in a row");
        return Finish(plot, id, "Time per step over the training",
            $"The slowest rank's time per step: the median over the seeds for {bins}.");
    }

    private static Box BoxOf(StrategySummary strategy, int position, TimeUnit unit) => new()
    {
        Position = position,
        WhiskerMin = unit.Of(Quantile(strategy, 0.05)),
        BoxMin = unit.Of(Quantile(strategy, 0.25)),
        BoxMiddle = unit.Of(strategy.StepNs.Median),
        BoxMax = unit.Of(Quantile(strategy, 0.75)),
        WhiskerMax = unit.Of(Quantile(strategy, 0.95)),
        LineColor = SvgDrawing.Ink,
        LineWidth = 1.5f,
    };

    private static CaptionedPlot Finish(Plot plot, string id, string title, string caption) =>
        new(id, title, caption, SvgDrawing.Draw(plot, id, $"{title}. {caption}", PlotStyle.Width, 320));

    private static StrategySummary[] Measured(ExperimentSummary experiment) =>
        [.. experiment.Strategies.Where(strategy => strategy.Cells.Any(cell => cell.StepsNs.Length > 0))];

    private static double Quantile(StrategySummary strategy, double fraction) =>
        Statistics.Quantile([.. strategy.Cells.SelectMany(cell => cell.UndisturbedStepsNs)], fraction);

    /// <summary>Of steps that follow each other, the median over all seeds.</summary>
    private static double[] Medians(StrategySummary strategy, int width)
    {
        int steps = strategy.Cells.Max(cell => cell.StepsNs.Length);
        return [.. Enumerable.Range(0, (steps + width - 1) / width).Select(bin => Statistics.Median(
            [.. strategy.Cells.SelectMany(cell => cell.StepsNs.Skip(bin * width).Take(width))]))];
    }
}
