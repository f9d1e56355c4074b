using ScottPlot;
using ScottPlot.Plottables;

namespace Daso.Reporting;

/// <summary>Gives each strategy of a report one colour, line and marker in all plots.</summary>
/// <param name="strategies">All of the report, in order.</param>
internal sealed class Palette(IReadOnlyList<string> strategies)
{
    /// <summary>The colour of a strategy.</summary>
    public Color Colour(string strategy) => PlotStyle.Colour(IndexOf(strategy));

    /// <summary>Adds a strategy's line.</summary>
    /// <param name="plot">Where.</param>
    /// <param name="strategy">Whose.</param>
    /// <param name="x">Positions.</param>
    /// <param name="y">Values.</param>
    /// <param name="isFirst">Whether the legend shows it; false for further seeds.</param>
    /// <param name="markers">Whether points are marked.</param>
    public void AddLine(Plot plot, string strategy, double[] x, double[] y, bool isFirst, bool markers)
    {
        int index = IndexOf(strategy);
        Scatter line = plot.Add.Scatter(x, y);
        line.Color = PlotStyle.Colour(index);
        line.LineWidth = isFirst ? 2 : 1;
        line.MarkerShape = PlotStyle.Marker(index);
        line.MarkerSize = markers ? 6 : 0;
        line.LegendText = isFirst ? strategy : "";
    }

    private int IndexOf(string strategy)
    {
        for (int i = 0; i < strategies.Count; i++)
        {
            if (strategies[i] == strategy)
                return i;
        }

        return strategies.Count;
    }
}
