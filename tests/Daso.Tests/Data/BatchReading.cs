using System.Runtime.InteropServices;
using Daso.Data;

namespace Daso.Tests.Data;

/// <summary>Copies what batches hold, since their tensors are only valid until the next one.</summary>
internal static class BatchReading
{
    public static float[] Images(this Batch batch) => MemoryMarshal.Cast<byte, float>(batch.Inputs.bytes).ToArray();

    public static long[] Tokens(this Batch batch) => MemoryMarshal.Cast<byte, long>(batch.Inputs.bytes).ToArray();

    public static long[] Labels(this Batch batch) => MemoryMarshal.Cast<byte, long>(batch.Targets.bytes).ToArray();

    /// <summary>Everything that a source gives from here to the epoch's end.</summary>
    public static List<T> Rest<T>(this IBatchSource source, int firstBatch, Func<Batch, T> copy)
    {
        var all = new List<T>();
        for (int i = firstBatch; i < source.BatchesPerEpoch; i++)
            all.Add(copy(source.Next()));
        return all;
    }
}
