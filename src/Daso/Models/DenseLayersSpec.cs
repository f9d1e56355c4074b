using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Dense layers with ReLU, each a part of its own and none a classifier: what Forward-Forward trains. Input float32 [B, …] of
/// <see cref="Inputs"/> numbers, output [B, Width].
/// </summary>
[Specification("denseLayers")]
public sealed partial record DenseLayersSpec : ModelSpec
{
    /// <summary>Numbers of an input.</summary>
    [AtLeast(1)]
    public required int Inputs { get; init; }

    /// <summary>Units of each layer.</summary>
    [AtLeast(1)]
    public int Width { get; init; } = 2000;

    /// <summary>Layers.</summary>
    [AtLeast(1)]
    public int Layers { get; init; } = 4;

    /// <inheritdoc />
    public override LayeredModel Build(int seed)
    {
        Validate();
        using var generator = new Generator((ulong)seed, CPU);
        return new LayeredModel("dense-layers", [.. Enumerable.Range(0, Layers).Select(Part)]);

        (string Name, nn.Module<Tensor, Tensor> Module) Part(int layer) =>
            ($"dense{layer}", new DenseLayer(layer == 0 ? Inputs : Width, Width, poolTo: null, before: null, after: null, isLast: false, generator));
    }

    /// <summary>A dense layer is applied once.</summary>
    public override double? Positions(string part) => 1;
}
