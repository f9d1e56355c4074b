using System.Buffers;
using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>
/// A buffer that a copy may still be under way to or from, beside the rank that has started an operation on it. A communicator does
/// not begin the operation before the buffer has arrived.
/// </summary>
internal abstract class ArrivingMemory : MemoryManager<float>
{
    /// <summary>Whether a communicator may touch the buffer; asked by any thread.</summary>
    internal abstract bool HasArrived { get; }

    /// <summary>What is behind a buffer; null: ordinary memory.</summary>
    internal static ArrivingMemory? Behind(ReadOnlyMemory<float> values) =>
        MemoryMarshal.TryGetMemoryManager(values, out ArrivingMemory? memory) ? memory : null;
}
