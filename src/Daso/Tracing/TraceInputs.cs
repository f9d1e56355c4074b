namespace Daso.Tracing;

/// <summary>
/// The first parameters and the batches of a trace, in closed form: every value is exact in float32, so that any language starts from the
/// same bits. The hash is two rounds of multiplication and xor-shift modulo 2³².
/// </summary>
internal static class TraceInputs
{
    /// <summary>Rows of a batch.</summary>
    internal const int Rows = 4;

    /// <summary>Values of an input row.</summary>
    internal const int Columns = 8;

    /// <summary>Values of a target row.</summary>
    internal const int Targets = 4;

    /// <summary>Parameter <paramref name="index"/> of the flat model before the first step.</summary>
    internal static float Parameter(int index) => 0.5f * (float)Unit(index, 1);

    /// <summary>A rank's inputs of a step: float32 [Rows, Columns], row by row.</summary>
    /// <param name="rank">The rank.</param>
    /// <param name="step">Counted over all epochs.</param>
    internal static float[] Inputs(int rank, long step)
    {
        var x = new float[Rows * Columns];
        for (int i = 0; i < x.Length; i++)
            x[i] = (float)(2 * Unit((step * x.Length) + i, 100 + rank));
        return x;
    }

    /// <summary>The targets that belong to a rank's inputs: float32 [Rows, Targets]; each rank's differ by a constant.</summary>
    internal static float[] TargetsOf(float[] inputs, int rank)
    {
        var y = new float[Rows * Targets];
        for (int i = 0; i < y.Length; i++)
        {
            ReadOnlySpan<float> x = inputs.AsSpan(i / Targets * Columns, Columns);
            int k = i % Targets;
            y[i] = (float)(((double)x[k] * x[k + 4]) + (0.5 * x[k + 1]) + (rank / 8.0));
        }

        return y;
    }

    /// <summary>A number from −0.5 to below 0.5, a multiple of 2⁻¹⁶.</summary>
    internal static double Unit(long index, int salt) => ((Hash(index, salt) >> 16) / 65536.0) - 0.5;

    private static uint Hash(long index, int salt)
    {
        uint hash = unchecked(((uint)index * 2654435761u) + ((uint)salt * 40503u) + 12345u);
        hash ^= hash >> 16;
        hash = unchecked(hash * 2246822519u);
        return hash ^ (hash >> 13);
    }
}
