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
        Span<float> contribution = wire == WireFormat.Float32 ? default : scratch.Slice(length, length);
        for (int i = 1; i < members.Length; i++)
        {
            ReadOnlySpan<float> other = members[i].Span.Slice(offset, length);
            if (wire != WireFormat.Float32)
            {
                other.CopyTo(contribution);
                wire.Round(contribution);
                other = contribution;
            }

            if (operation == ReduceOperation.Min)
                TensorPrimitives.Min(result, other, result);
            else
                TensorPrimitives.Add(result, other, result);
            wire.Round(result);
        }

        if (operation == ReduceOperation.Mean)
        {
            TensorPrimitives.Divide(result, members.Length, result);
            wire.Round(result);
        }

        foreach (Memory<float> member in members)
            result.CopyTo(member.Span.Slice(offset, length));
    }
}
