using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>The arithmetic of a reduction on pieces as they are on the wire, and their way there and back.</summary>
internal static class WirePieces
{
    /// <summary>Writes what a rank's values contribute to a reduction.</summary>
    /// <param name="call">The operation and its format.</param>
    /// <param name="values">The rank's values.</param>
    /// <param name="bytes">Takes the contribution.</param>
    /// <param name="members">The group's size.</param>
    internal static void Contribute(CollectiveCall call, TensorRange values, Span<byte> bytes, int members)
    {
        if (call.IsExact)
        {
            values.Bytes.CopyTo(bytes);
            if (call.Type == ElementType.Float32)
                Reduction.Prepare(MemoryMarshal.Cast<byte, float>(bytes), members, call.Operation, call.Wire);
            return;
        }

        ForEachBlock(call, values.Length, bytes, (Call: call, Members: members, Values: values), static (of, start, rounded, packed) =>
        {
            of.Values.Floats.Slice(start, rounded.Length).CopyTo(rounded);
            Reduction.Prepare(rounded, of.Members, of.Call.Operation, of.Call.Wire);
            of.Call.Wire.Pack(rounded, packed);
        });
    }

    /// <summary>Writes values, rounded; they stay as they are.</summary>
    internal static void Pack(CollectiveCall call, TensorRange values, Span<byte> bytes)
    {
        if (call.IsExact)
        {
            values.Bytes.CopyTo(bytes);
            return;
        }

        ForEachBlock(call, values.Length, bytes, (call.Wire, Values: values), static (of, start, rounded, packed) =>
        {
            of.Values.Floats.Slice(start, rounded.Length).CopyTo(rounded);
            of.Wire.Round(rounded);
            of.Wire.Pack(rounded, packed);
        });
    }

    /// <summary>Reads values.</summary>
    internal static void Unpack(CollectiveCall call, ReadOnlySpan<byte> bytes, TensorRange values)
    {
        if (call.IsExact)
            bytes.CopyTo(values.Bytes);
        else
            call.Wire.Unpack(bytes, values.Floats);
    }

    /// <summary>Takes a contribution into a partial result.</summary>
    /// <param name="call">The operation and its format.</param>
    /// <param name="partial">The partial result.</param>
    /// <param name="contribution">As many bytes.</param>
    /// <param name="elements">Elements of both.</param>
    internal static void Accumulate(CollectiveCall call, Span<byte> partial, ReadOnlySpan<byte> contribution, int elements)
    {
        if (call.Type == ElementType.Int64)
        {
            Reduction.Accumulate(MemoryMarshal.Cast<byte, long>(partial), MemoryMarshal.Cast<byte, long>(contribution), call.Operation);
            return;
        }

        if (call.IsExact)
        {
            Reduction.Accumulate(
                MemoryMarshal.Cast<byte, float>(partial), MemoryMarshal.Cast<byte, float>(contribution), call.Operation, call.Wire);
            return;
        }

        PieceScratch scratch = PieceScratch.OfThisThread;
        for (int done = 0; done < elements; done += Reduction.PieceElements)
        {
            int count = Math.Min(Reduction.PieceElements, elements - done), start = (int)call.Wire.BytesFor(done);
            Span<float> sum = scratch.Result[..count], more = scratch.Contribution[..count];
            call.Wire.Unpack(partial[start..], sum);
            call.Wire.Unpack(contribution[start..], more);
            Reduction.Accumulate(sum, more, call.Operation, call.Wire);
            call.Wire.Pack(sum, partial[start..]);
        }
    }

    /// <summary>What is left to do once all contributions of all members are in.</summary>
    internal static void Finish(CollectiveCall call, Span<byte> result, int elements, int members)
    {
        if (call.Operation != ReduceOperation.Mean)
            return;
        if (call.IsExact)
        {
            Reduction.Finish(MemoryMarshal.Cast<byte, float>(result), members, call.Operation, call.Wire);
            return;
        }

        ForEachBlock(call, elements, result, (Call: call, Members: members), static (of, _, values, packed) =>
        {
            of.Call.Wire.Unpack(packed, values);
            Reduction.Finish(values, of.Members, of.Call.Operation, of.Call.Wire);
            of.Call.Wire.Pack(values, packed);
        });
    }

    /// <summary>Does something with each block that fits the scratch memory, and with its packed bytes.</summary>
    private static void ForEachBlock<T>(CollectiveCall call, int elements, Span<byte> bytes, T state, BlockAction<T> action)
    {
        Span<float> room = PieceScratch.OfThisThread.Result;
        for (int done = 0; done < elements; done += room.Length)
            action(state, done, room[..Math.Min(room.Length, elements - done)], bytes[(int)call.Wire.BytesFor(done)..]);
    }

    private delegate void BlockAction<in T>(T state, int start, Span<float> room, Span<byte> packed);
}
