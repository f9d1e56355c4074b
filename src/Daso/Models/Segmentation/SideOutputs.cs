using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// What one part of a model hands to a later one past those between: a chain's parts return one tensor. A part's gradients are complete when
/// its own marker is reached in backward, whichever way they came (<see cref="BackwardMarker"/>): what is handed past is used later in
/// forward, so earlier in backward. Used by one model, whose forward runs on one thread.
/// </summary>
internal sealed class SideOutputs
{
    private Tensor[] _kept = [];

    /// <summary>Keeps tensors until the next <see cref="Take"/>; the caller's own may be disposed of.</summary>
    internal void Keep(params ReadOnlySpan<Tensor> tensors)
    {
        foreach (Tensor left in _kept) // of a forward that did not come to its end
            left.Dispose();
        _kept = new Tensor[tensors.Length];
        for (int i = 0; i < tensors.Length; i++)
            _kept[i] = tensors[i].alias().DetachFromDisposeScope();
    }

    /// <summary>What was kept; the caller's from now on.</summary>
    internal Tensor[] Take()
    {
        Tensor[] taken = _kept;
        _kept = [];
        return taken;
    }
}

/// <summary>The height and width of the image that a model is at work on, for the part that scales its outputs back to them.</summary>
internal sealed class ImageSize
{
    /// <summary>Height and width in pixels.</summary>
    internal long[] Pixels { get; private set; } = [];

    /// <summary>Notes the size of [B, C, H, W].</summary>
    internal void Note(Tensor image) => Pixels = image.shape[2..];
}
