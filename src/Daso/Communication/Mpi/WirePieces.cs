using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>The arithmetic of an all-reduce on pieces as they are on the wire.</summary>
internal static class WirePieces
{
    /// <summary>Writes what a rank's values contribute.</summary>
    /// <param name="call">The operation and its format.</param>
    /// <param name="values">The rank's values.</param>
    /// <param name="bytes">Takes the contribution.</param>
    /// <param name="members">The group's size.</param>
    internal static void Write(CollectiveCall call, ReadOnlySpan<float> values, Span<byte> bytes, int members)
    {
        WireFormat wire = call.Wire;
        if (wire == WireFormat.Float32)
        {
            wire.Pack(values, bytes);
            Reduction.Prepare(MemoryMarshal.Cast<byte, float>(bytes), members, call.Operation, wire);
            return;
        }

        Span<float> room = PieceScratch.OfThisThread.Contribution;
        int elementBytes = wire.BytesPerElement();
        for (int done = 0; done < values.Length; done += room.Length)
        {
            Span<float> rounded = room[..Math.Min(room.Length, values.Length - done)];
            values.Slice(done, rounded.Length).CopyTo(rounded);
            Reduction.Prepare(rounded, members, call.Operation, wire);
            wire.Pack(rounded, bytes[(done * elementBytes)..]);
        }
    }

    /// <summary>Takes a contribution into a partial result.</summary>
    /// <param name="call">The operation and its format.</param>
    /// <param name="partial">The partial result.</param>
    /// <param name="contribution">As many bytes.</param>
    internal static void Accumulate(CollectiveCall call, Span<byte> partial, ReadOnlySpan<byte> contribution)
    {
        if (call.Wire == WireFormat.Float32)
        {
            Reduction.Accumulate(
                MemoryMarshal.Cast<byte, float>(partial), MemoryMarshal.Cast<byte, float>(contribution), call.Operation, call.Wire);
            return;
        }

        PieceScratch scratch = PieceScratch.OfThisThread;
        int step = Reduction.PieceElements * call.Wire.BytesPerElement();
        for (int done = 0; done < partial.Length; done += step)
        {
            Span<byte> part = partial.Slice(done, Math.Min(step, partial.Length - done));
            int count = part.Length / call.Wire.BytesPerElement();
            Span<float> sum = scratch.Result[..count], more = scratch.Contribution[..count];
            call.Wire.Unpack(part, sum);
            call.Wire.Unpack(contribution.Slice(done, part.Length), more);
            Reduction.Accumulate(sum, more, call.Operation, call.Wire);
            call.Wire.Pack(sum, part);
        }
    }

    /// <summary>What is left to do once all contributions of all members are in.</summary>
    internal static void Finish(CollectiveCall call, Span<byte> result, int members)
    {
        if (call.Wire == WireFormat.Float32)
        {
            Reduction.Finish(MemoryMarshal.Cast<byte, float>(result), members, call.Operation, call.Wire);
            return;
        }

        Span<float> room = PieceScratch.OfThisThread.Result;
        int step = room.Length * call.Wire.BytesPerElement();
        for (int done = 0; done < result.Length; done += step)
        {
            Span<byte> part = result.Slice(done, Math.Min(step, result.Length - done));
            Span<float> values = room[..(part.Length / call.Wire.BytesPerElement())];
            call.Wire.Unpack(part, values);
            Reduction.Finish(values, members, call.Operation, call.Wire);
            call.Wire.Pack(values, part);
        }
    }
}
