using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>Room for the pieces of a reduction; one a thread, made once.</summary>
internal sealed class PieceScratch
{
    [ThreadStatic]
    private static PieceScratch? t_scratch;

    private readonly float[] _values = new float[3 * Reduction.PieceElements];

    private PieceScratch()
    {
    }

    internal static PieceScratch OfThisThread => t_scratch ??= new PieceScratch();

    /// <summary>The partial result.</summary>
    internal Span<float> Result => _values.AsSpan(0, Reduction.PieceElements);

    /// <summary>The partial result, of integers: in the same place.</summary>
    internal Span<long> Integers => MemoryMarshal.Cast<float, long>(Result);

    /// <summary>One node's partial result.</summary>
    internal Span<float> OfNode => _values.AsSpan(Reduction.PieceElements, Reduction.PieceElements);

    /// <summary>One member's values.</summary>
    internal Span<float> Contribution => _values.AsSpan(2 * Reduction.PieceElements, Reduction.PieceElements);
}
