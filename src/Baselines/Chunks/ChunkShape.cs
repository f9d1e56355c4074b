using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>How a parameter is cut.</summary>
/// <param name="Columns">Of the parameter as a matrix; a vector is one row.</param>
/// <param name="Height">Rows of a chunk.</param>
/// <param name="Width">Columns of a chunk.</param>
/// <param name="Chunks">How many.</param>
/// <param name="Selected">Elements that are selected of each.</param>
internal readonly record struct ChunkShape(long Columns, long Height, long Width, long Chunks, long Selected)
{
    /// <summary>Of a parameter, with sides of at most so many and so many selected.</summary>
    internal static ChunkShape Of(ProgramParameter parameter, int limit, int topK)
    {
        long rows = parameter.Rows ?? 1, columns = parameter.Elements / rows;
        long height = LargestDivisor(rows, limit), width = LargestDivisor(columns, limit);
        return new ChunkShape(columns, height, width, parameter.Elements / (height * width), Math.Min(topK, height * width));
    }

    /// <summary>The largest divisor that is at most a limit.</summary>
    internal static long LargestDivisor(long number, int limit)
    {
        long divisor = Math.Min(number, limit);
        while (number % divisor != 0)
            divisor--;
        return divisor;
    }
}
