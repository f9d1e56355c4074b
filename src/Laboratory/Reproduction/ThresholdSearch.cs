namespace Daso.Reproduction;

/// <summary>Finds where something first holds along a range.</summary>
internal static class ThresholdSearch
{
    private const int Points = 200;
    private const int Halvings = 40;

    /// <summary>
    /// The smallest value, on a grid of equal ratios refined by halving, from which the condition holds. It need not hold for all
    /// larger ones; an island narrower than the grid's ratio can be missed.
    /// </summary>
    /// <param name="holds">The condition.</param>
    /// <param name="from">The range's start, above 0.</param>
    /// <param name="to">Its end.</param>
    /// <returns>Null: nowhere in the range.</returns>
    internal static double? First(Func<double, bool> holds, double from, double to)
    {
        double below = from;
        for (int i = 0; i <= Points; i++)
        {
            double value = i == Points ? to : from * Math.Pow(to / from, (double)i / Points);
            if (holds(value))
                return i == 0 ? from : Refine(holds, below, value);
            below = value;
        }

        return null;
    }

    private static double Refine(Func<double, bool> holds, double below, double above)
    {
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (below + above) / 2;
            if (holds(middle))
                above = middle;
            else
                below = middle;
        }

        return above;
    }
}
