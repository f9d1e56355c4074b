using ScottPlot;
using ScottPlot.TickGenerators;

namespace Daso.Reporting;

/// <summary>How all plots of a report look.</summary>
internal static class PlotStyle
{
    /// <summary>Of a figure, in pixels; narrow, so that texts stay readable where a phone scales it down.</summary>
    public const int Width = 600;

    private const int FontSize = 13;

    // Middle tones, for white pages and dark ones; dash and marker tell the series apart too. None that Skia would shorten (#4477AA is
    // #47A): dashes are given by colour.
    private static readonly Color[] s_colours =
        [.. new[] { "#4478AA", "#EE6776", "#228A34", "#C8932B", "#B65A94", "#3AA6C4", "#8A8F98", "#9C6B3F" }.Select(Color.FromHex)];

    // Lengths of dash and gap: Skia's SVG has no dashes of its own.
    private static readonly string?[] s_dashes = [null, "7 3", "2 2.5", "9 3 2 3"];

    private static readonly MarkerShape[] s_markers =
        [MarkerShape.FilledCircle, MarkerShape.FilledSquare, MarkerShape.FilledTriangleUp, MarkerShape.FilledDiamond];

    /// <summary>The colour of the i-th series.</summary>
    public static Color Colour(int series) => s_colours[series % s_colours.Length];

    /// <summary>The dashes of the series with a colour, as SVG has them; null: none.</summary>
    public static string? Dashes(string hexColour)
    {
        int series = Array.FindIndex(s_colours, colour => colour.ToHex() == hexColour);
        return series < 0 ? null : s_dashes[series % s_dashes.Length];
    }

    /// <summary>The marker of the i-th series.</summary>
    public static MarkerShape Marker(int series) => s_markers[series % s_markers.Length];

    /// <summary>An empty plot.</summary>
    /// <param name="xLabel">With its unit.</param>
    /// <param name="yLabel">With its unit.</param>
    public static Plot New(string xLabel, string yLabel)
    {
        var plot = new Plot();
        plot.FigureBackground.Color = Colors.Transparent;
        plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Color(SvgDrawing.Ink);
        plot.Grid.MajorLineColor = SvgDrawing.Faint;
        // Without lines, but with room for half of the last number on an axis.
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Right.MinimumSize = 2 * FontSize;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.MinimumSize = FontSize;
        plot.XLabel(xLabel, FontSize);
        plot.YLabel(yLabel, FontSize);
        foreach (IAxis axis in new IAxis[] { plot.Axes.Bottom, plot.Axes.Left })
        {
            axis.TickLabelStyle.FontName = PlotFont.Registered;
            axis.TickLabelStyle.FontSize = FontSize - 1;
            axis.Label.FontName = PlotFont.Registered;
            axis.Label.Bold = false;
        }

        return plot;
    }

    /// <summary>Explains the series below the plot, in a row.</summary>
    /// <param name="plot">The plot.</param>
    /// <param name="items">What to explain, where it is not the plot's series.</param>
    public static void AddLegend(Plot plot, params LegendItem[] items)
    {
        Legend legend = plot.ShowLegend(Edge.Bottom).Legend;
        legend.ManualItems.AddRange(items);
        legend.Orientation = Orientation.Horizontal;
        legend.FontName = PlotFont.Registered;
        legend.FontSize = FontSize - 1;
        legend.FontColor = SvgDrawing.Ink;
        legend.BackgroundColor = Colors.Transparent;
        legend.OutlineColor = Colors.Transparent;
        legend.ShadowColor = Colors.Transparent;
    }

    /// <summary>Names in place of numbers on an axis.</summary>
    public static void Name(IAxis axis, IReadOnlyList<double> positions, IReadOnlyList<string> names)
    {
        axis.TickGenerator = new NumericManual([.. positions], [.. names]);
        axis.MajorTickStyle.Length = 0;
    }
}
