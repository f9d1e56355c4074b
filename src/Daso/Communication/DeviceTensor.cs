namespace Daso.Communication;

/// <summary>A float32 tensor on a device, of which operations lease ranges. Used by one thread at a time.</summary>
public abstract class DeviceTensor
{
    /// <summary>Prepares a range for an operation, which is started at once. The caller does not wait for copies.</summary>
    internal abstract IMemoryLease Lease(in LeaseRequest request);
}

/// <summary>The memory that one operation works on, from its start until it is waited for.</summary>
internal interface IMemoryLease
{
    /// <summary>What the communicator reads and writes: pinned memory of the host, or <see cref="DeviceMemory"/>.</summary>
    TensorRange Range { get; }

    /// <summary>Lets what a stream queues from now on see the result of the operation, which is complete.</summary>
    void Precede(nint stream);

    /// <summary>Takes the result: what is computed from now on sees it. Neither the caller nor the host waits.</summary>
    void Return();
}

/// <summary>Which memory an operation needs.</summary>
/// <param name="Offset">The range's first element.</param>
/// <param name="Length">Its elements.</param>
/// <param name="Reads">The part of the range that the operation reads.</param>
/// <param name="Writes">The part that it writes.</param>
/// <param name="IsDirect">Whether the communicator takes the device's own memory.</param>
internal readonly record struct LeaseRequest(
    int Offset, int Length, (int Offset, int Length) Reads, (int Offset, int Length) Writes, bool IsDirect)
{
    private readonly WireFormat? _wire;

    /// <summary>How direct memory travels: a 16-bit format's packed copy is made by the device.</summary>
    internal WireFormat Wire
    {
        get => _wire ?? WireFormat.Float32;
        init => _wire = value;
    }

    /// <summary>What the values come from; null: all computation queued so far.</summary>
    internal IPrecedingWork? After { get; init; }

    /// <summary>What direct memory is divided by before the operation, by the device.</summary>
    internal int DivisorBefore { get; init; } = 1;

    /// <summary>What direct memory is divided by after the operation, by the device.</summary>
    internal int DivisorAfter { get; init; } = 1;
}
