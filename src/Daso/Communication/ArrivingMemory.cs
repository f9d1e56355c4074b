using System.Buffers;

namespace Daso.Communication;

/// <summary>Memory that a copy may be under way to or from, beside the rank that has started an operation on it.</summary>
internal interface IArriving
{
    /// <summary>Whether a communicator may touch the memory; asked by any thread. No operation begins before.</summary>
    bool HasArrived { get; }

    /// <summary>
    /// Called by the communicator, on any thread, when the operation is done or, where a device carries it out, queued: the result's way
    /// back begins here, before anyone waits for it.
    /// </summary>
    void Complete();
}

/// <summary>Such memory of the host.</summary>
internal abstract class ArrivingMemory : MemoryManager<float>, IArriving
{
    /// <inheritdoc />
    public abstract bool HasArrived { get; }

    /// <inheritdoc />
    public virtual void Complete()
    {
    }
}
