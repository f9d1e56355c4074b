using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>Adam's means m of g and v of g², and its direction m/(√v + ε), without bias correction, as in DeepSpeed's 1-bit optimizers.</summary>
internal sealed class AdamMoments(int length, Device device, double beta1, double beta2, double epsilon) : IDisposable
{
    private readonly Scalar _meanKept = ((float)beta1).ToScalar();
    private readonly Scalar _meanShare = ((float)(1 - beta1)).ToScalar();
    private readonly Scalar _squareKept = ((float)beta2).ToScalar();
    private readonly Scalar _squareShare = ((float)(1 - beta2)).ToScalar();
    private readonly Scalar _epsilon = ((float)epsilon).ToScalar();

    /// <summary>m: float32 [length].</summary>
    internal FlatTensor Mean { get; } = new(length, device);

    /// <summary>v: float32 [length].</summary>
    internal FlatTensor Square { get; } = new(length, device);

    /// <summary>m := β₁·m + (1 − β₁)·g.</summary>
    internal void AddToMean(FlatTensor gradients) => Mean.Tensor.mul_(_meanKept).add_(gradients.Tensor, _meanShare);

    /// <summary>v := β₂·v + (1 − β₂)·g².</summary>
    internal void AddToSquare(FlatTensor gradients) =>
        Square.Tensor.mul_(_squareKept).addcmul_(gradients.Tensor, gradients.Tensor, _squareShare);

    /// <summary>√v + ε, the caller's to dispose.</summary>
    internal Tensor Root() => Square.Tensor.sqrt().add_(_epsilon);

    /// <summary>Writes m/(√v + ε).</summary>
    internal void Direct(FlatTensor direction)
    {
        using Tensor root = Root();
        direction.Tensor.copy_(Mean.Tensor).div_(root);
    }

    internal void Save(BinaryWriter writer)
    {
        Mean.Save(writer);
        Square.Save(writer);
    }

    internal void Load(BinaryReader reader)
    {
        Mean.Load(reader);
        Square.Load(reader);
    }

    public void Dispose()
    {
        Mean.Dispose();
        Square.Dispose();
        foreach (Scalar scalar in new[] { _meanKept, _meanShare, _squareKept, _squareShare, _epsilon })
            scalar.Dispose();
    }
}
