using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>
/// A float32 copy m of a range of a flat tensor x, as it was when ranks last agreed on it. What has changed since is exchanged in place of
/// the values: it is small where the values are not, so that 16 bits keep more of it (DASO), and it is what an outer optimizer takes as a
/// gradient (DiLoCo, SlowMo).
/// </summary>
public sealed class MasterCopy : IDisposable
{
    private readonly Tensor _tensor;

    /// <summary>Makes the copy of the present values.</summary>
    /// <param name="tensor">x. Must outlive the copy.</param>
    /// <param name="range">Which elements.</param>
    public MasterCopy(FlatTensor tensor, FlatRange range)
    {
        _tensor = tensor.Tensor.narrow(0, range.Offset, range.Length).DetachFromDisposeScope();
        Values = new FlatTensor(range.Length, tensor.Tensor.device);
        Set();
    }

    /// <summary>m: float32 [range.Length]. An outer optimizer may update it.</summary>
    public FlatTensor Values { get; }

    /// <summary>m := x.</summary>
    public void Set()
    {
        using var _ = no_grad();
        Values.Tensor.copy_(_tensor);
    }

    /// <summary>x := m.</summary>
    public void Restore()
    {
        using var _ = no_grad();
        _tensor.copy_(Values.Tensor);
    }

    /// <summary>change := x − m.</summary>
    /// <param name="change">float32 [range.Length].</param>
    public void TakeChange(FlatTensor change)
    {
        using var _ = no_grad();
        change.Tensor.copy_(_tensor).add_(Values.Tensor, Scalars.MinusOne);
    }

    /// <summary>gradient := m − x: the way from here back to the copy, which is what descent goes against.</summary>
    /// <param name="gradient">float32 [range.Length].</param>
    public void TakePseudoGradient(FlatTensor gradient)
    {
        using var _ = no_grad();
        gradient.Tensor.copy_(Values.Tensor).add_(_tensor, Scalars.MinusOne);
    }

    /// <summary>x := α·x + (1 − α)·m; exactly m for α = 0, exactly x for α = 1.</summary>
    public void Blend(double alpha)
    {
        if (alpha == 1)
            return;
        if (alpha == 0)
        {
            Restore();
            return;
        }

        using var _ = no_grad();
        using Scalar own = ((float)alpha).ToScalar(), share = ((float)(1 - alpha)).ToScalar();
        _tensor.mul_(own).add_(Values.Tensor, alpha: share);
    }

    /// <summary>Writes m, little-endian float32.</summary>
    public void Save(BinaryWriter writer) => Values.Save(writer, "master");

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(BinaryReader reader) => Values.Load(reader);

    /// <inheritdoc />
    public void Dispose()
    {
        Values.Dispose();
        _tensor.Dispose();
    }
}
