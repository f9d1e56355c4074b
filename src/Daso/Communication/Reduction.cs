using System.Numerics.Tensors;

namespace Daso.Communication;

/// <summary>The arithmetic of a reduction over the members' buffers in shared memory.</summary>
internal static class Reduction
{
    /// <summary>Elements that are reduced and delivered at a time: 128 KiB of float32, so that a piece stays in a core's cache.</summary>
    internal const int PieceElements = 32 * 1024;

    /// <summary>As many bytes of another type.</summary>
    internal static int PieceElementsOf(ElementType type) => PieceElements * sizeof(float) / type.Bytes();

    /// <summary>
    /// Reduces elements [offset, offset + length) of every member's range. The order is that of a hierarchical all-reduce: within each
    /// node in the order of its members, then node after node. In a 16-bit format every contribution and every partial sum is rounded, as
    /// a sum that is taken on the wire would be.
    /// </summary>
    /// <param name="ranges">The members' ranges, float32.</param>
    /// <param name="nodes">The members on each node.</param>
    /// <param name="offset">The first element.</param>
    /// <param name="length">Elements; at most <see cref="PieceElements"/>.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="wire">The wire format.</param>
    /// <param name="scratch">Holds the result.</param>
    internal static Span<float> Reduce(
        ReadOnlySpan<TensorRange> ranges,
        ReadOnlySpan<int[]> nodes,
        int offset,
        int length,
        ReduceOperation operation,
        WireFormat wire,
        PieceScratch scratch)
    {
        Span<float> result = scratch.Result[..length], ofNode = scratch.OfNode[..length], rounded = scratch.Contribution[..length];
        for (int node = 0; node < nodes.Length; node++)
        {
            Span<float> partial = node == 0 ? result : ofNode;
            for (int i = 0; i < nodes[node].Length; i++)
            {
                Span<float> contribution = i == 0 ? partial : rounded;
                ranges[nodes[node][i]].Floats.Slice(offset, length).CopyTo(contribution);
                Prepare(contribution, ranges.Length, operation, wire);
                if (i > 0)
                    Accumulate(partial, contribution, operation, wire);
            }

            if (node > 0)
                Accumulate(result, partial, operation, wire);
        }

        Finish(result, ranges.Length, operation, wire);
        return result;
    }

    /// <summary>The same of int64, where no order matters.</summary>
    internal static Span<long> Reduce(
        ReadOnlySpan<TensorRange> ranges, int offset, int length, ReduceOperation operation, PieceScratch scratch)
    {
        Span<long> result = scratch.Integers[..length];
        for (int i = 0; i < ranges.Length; i++)
        {
            Span<long> contribution = ranges[i].Integers.Slice(offset, length);
            if (i == 0)
                contribution.CopyTo(result);
            else
                Accumulate(result, contribution, operation);
        }

        return result;
    }

    /// <summary>Makes a member's contribution of its values, in place.</summary>
    internal static void Prepare(Span<float> values, int members, ReduceOperation operation, WireFormat wire)
    {
        wire.Round(values);
        if (operation != ReduceOperation.PredividedMean)
            return;
        TensorPrimitives.Divide(values, members, values);
        wire.Round(values);
    }

    /// <summary>Takes more into a partial result; both are rounded.</summary>
    /// <param name="result">The partial result, as on the wire.</param>
    /// <param name="contribution">A member's values or a node's partial result, as many.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="wire">The wire format.</param>
    internal static void Accumulate(
        Span<float> result, ReadOnlySpan<float> contribution, ReduceOperation operation, WireFormat wire)
    {
        switch (operation)
        {
            case ReduceOperation.Min:
                TensorPrimitives.Min(result, contribution, result);
                break;
            case ReduceOperation.Max:
                TensorPrimitives.Max(result, contribution, result);
                break;
            default:
                TensorPrimitives.Add(result, contribution, result);
                break;
        }

        wire.Round(result);
    }

    /// <summary>The same of int64; sums wrap around.</summary>
    internal static void Accumulate(Span<long> result, ReadOnlySpan<long> contribution, ReduceOperation operation)
    {
        switch (operation)
        {
            case ReduceOperation.Min:
                TensorPrimitives.Min(result, contribution, result);
                break;
            case ReduceOperation.Max:
                TensorPrimitives.Max(result, contribution, result);
                break;
            default:
                TensorPrimitives.Add(result, contribution, result);
                break;
        }
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
