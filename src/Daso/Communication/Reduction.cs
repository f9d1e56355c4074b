using System.Numerics.Tensors;

namespace Daso.Communication;

/// <summary>The arithmetic of an all-reduce over the members' buffers in shared memory.</summary>
internal static class Reduction
{
    /// <summary>Elements that are reduced and delivered at a time: 128 KiB, so that a piece stays in a core's cache.</summary>
    internal const int PieceElements = 32 * 1024;

    /// <summary>
    /// Reduces elements [offset, offset + length) of every member's buffer, in the order of the members, and writes the result to all.
    /// In a 16-bit format every contribution and every partial sum is rounded, as a sum that is taken on the wire would be.
    /// </summary>
    internal static void Reduce(
        ReadOnlySpan<Memory<float>> members, int offset, int length, ReduceOperation operation, WireFormat wire, Span<float> scratch)
    {
        Span<float> result = scratch[..length];
        members[0].Span.Slice(offset, length).CopyTo(result);
        wire.Round(result);
        Span<float> rounded = scratch.Slice(length, length);
        for (int i = 1; i < members.Length; i++)
            Accumulate(result, members[i].Span.Slice(offset, length), operation, wire, rounded);
        Finish(result, members.Length, operation, wire);
        foreach (Memory<float> member in members)
            result.CopyTo(member.Span.Slice(offset, length));
    }

    /// <summary>Takes one more contribution into a partial result; both are rounded.</summary>
    /// <param name="result">The partial result, as on the wire.</param>
    /// <param name="contribution">The next member's values, as many.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="wire">The wire format.</param>
    /// <param name="rounded">Room for as many values; used in 16-bit formats.</param>
    internal static void Accumulate(
        Span<float> result, ReadOnlySpan<float> contribution, ReduceOperation operation, WireFormat wire, Span<float> rounded)
    {
        if (wire != WireFormat.Float32)
        {
            contribution.CopyTo(rounded);
            rounded = rounded[..contribution.Length];
            wire.Round(rounded);
            contribution = rounded;
        }

        if (operation == ReduceOperation.Min)
            TensorPrimitives.Min(result, contribution, result);
        else
            TensorPrimitives.Add(result, contribution, result);
        wire.Round(result);
    }

    /// <summary>What is left to do once all members' contributions are in.</summary>
    internal static void Finish(Span<float> result, int members, ReduceOperation operation, WireFormat wire)
    {
        if (operation != ReduceOperation.Mean)
            return;
        TensorPrimitives.Divide(result, members, result);
        wire.Round(result);
    }
}
