namespace Daso.Communication;

/// <summary>
/// What communication asks of one GPU: streams, each of which does its work in order, and markers that order the work of one after that
/// of another. All calls queue work and return at once, unless said otherwise. Any thread may call.
/// </summary>
internal interface IGpu
{
    /// <summary>The stream that the rank computes on; 0: the device's default stream.</summary>
    nint ComputeStream { get; }

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

    /// <summary>Lets what a stream queues from now on begin after the marker's present place, which may be another device's.</summary>
    void WaitFor(nint marker, nint stream);

    /// <summary>Copies bytes between the device's memory, pinned memory of the host and another device's memory.</summary>
    void Copy(nint target, nint source, nuint bytes, nint stream);

    /// <summary>Queues what PyTorch computes on the device in <paramref name="work"/> on a stream in place of the compute stream.</summary>
    /// <param name="stream">One of <see cref="CreateStream"/>.</param>
    /// <param name="work">Calls of TorchSharp; kept and used again, so that a step allocates nothing.</param>
    void Compute(nint stream, Action work);

    /// <summary>Whether the marker's place is reached.</summary>
    bool IsReached(nint marker);

    /// <summary>Time from one timed marker to a later one, both reached; nanoseconds.</summary>
    long ElapsedNs(nint from, nint to);
}
