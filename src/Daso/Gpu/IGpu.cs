namespace Daso.Gpu;

/// <summary>
/// One GPU: streams, each of which does its work in order, and markers that order the work of one after that of another. All calls
/// queue work and return at once, unless said otherwise.
/// </summary>
internal interface IGpu
{
    /// <summary>The stream that PyTorch computes on: the default stream, as TorchSharp has no other.</summary>
    const nint ComputeStream = 0;

    /// <summary>Makes a stream that runs beside the compute stream.</summary>
    nint CreateStream();

    /// <summary>Waits for a stream's work and frees it.</summary>
    void DestroyStream(nint stream);

    /// <summary>Makes a marker; one that was never set counts as reached.</summary>
    nint CreateMarker();

    /// <summary>Makes a marker that also keeps the time at which its place is reached.</summary>
    nint CreateTimedMarker();

    /// <summary>Frees a marker.</summary>
    void DestroyMarker(nint marker);

    /// <summary>Sets a marker behind all that a stream has queued; its earlier place is forgotten.</summary>
    void Mark(nint marker, nint stream);

    /// <summary>Lets what a stream queues from now on begin after the marker's present place.</summary>
    void WaitFor(nint marker, nint stream);

    /// <summary>Copies bytes between the device's memory and pinned memory of the host.</summary>
    void Copy(nint target, nint source, nuint bytes, nint stream);

    /// <summary>Whether the marker's place is reached; any thread may ask.</summary>
    bool IsReached(nint marker);

    /// <summary>Time from one timed marker to a later one, both reached; nanoseconds.</summary>
    long ElapsedNs(nint from, nint to);
}
