namespace Daso.Communication;

/// <summary>Room for two pieces of a reduction, one array a thread.</summary>
internal static class PieceScratch
{
    [ThreadStatic]
    private static float[]? t_scratch;

    internal static Span<float> OfThisThread => t_scratch ??= new float[2 * Reduction.PieceElements];
}
