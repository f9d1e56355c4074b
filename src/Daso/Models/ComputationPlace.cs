using Daso.Communication;

namespace Daso.Models;

/// <summary>
/// A place in a rank's computation: what it had queued on its device when the place was set. Another thread can then start an operation
/// on values that are complete there, without waiting for what the rank has queued since. Where the host computes a place is nothing.
/// </summary>
public sealed class ComputationPlace : IPrecedingWork, IDisposable
{
    private readonly IGpu? _gpu;
    private readonly nint _marker;

    internal ComputationPlace(IGpu? gpu)
    {
        _gpu = gpu;
        _marker = gpu?.CreateMarker() ?? 0;
    }

    /// <summary>Whether a device computes.</summary>
    internal bool IsOnDevice => _gpu is not null;

    /// <inheritdoc />
    bool IPrecedingWork.IsQueued => true;

    /// <summary>Moves the place behind all that the rank has queued so far.</summary>
    public void Set() => _gpu?.Mark(_marker, _gpu.ComputeStream);

    /// <inheritdoc />
    void IPrecedingWork.Precede(nint stream) => _gpu!.WaitFor(_marker, stream);

    /// <inheritdoc />
    public void Dispose() => _gpu?.DestroyMarker(_marker);
}
