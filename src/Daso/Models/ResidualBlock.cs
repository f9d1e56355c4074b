using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// relu(path(x) + shortcut(x)) of a ResNet (He et al., arXiv 1512.03385): two 3×3 convolutions, or the bottleneck 1×1, 3×3, 1×1 with
/// the stride in the 3×3 ("v1.5", as torchvision).
/// </summary>
internal sealed class ResidualBlock : nn.Module<Tensor, Tensor>
{
    /// <summary>How many times wider a bottleneck's output is than its inside.</summary>
    internal const int BottleneckExpansion = 4;

    private readonly ConvNorm[] _path;
    private readonly ConvNorm? _projection;

    private ResidualBlock(ConvNorm[] path, ConvNorm? projection)
        : base(nameof(ResidualBlock))
    {
        _path = path;
        _projection = projection;
        for (int i = 0; i < path.Length; i++)
            register_module($"path{i}", path[i]);
        if (projection is not null)
            register_module("projection", projection);
    }

    /// <summary>Keeps the output for a later part; null: none asks.</summary>
    internal SideOutputs? Side { get; set; }

    /// <summary>Two 3×3 convolutions.</summary>
    internal static ResidualBlock Basic(int inputs, int width, int stride, Generator generator) =>
        new(
            [new ConvNorm(inputs, width, 3, stride, generator), new ConvNorm(width, width, 3, 1, generator)],
            Projection(inputs, width, stride, generator));

    /// <summary>1×1 to the width, 3×3, 1×1 to four times the width.</summary>
    internal static ResidualBlock Bottleneck(int inputs, int width, int stride, Generator generator, int dilation = 1)
    {
        int outputs = width * BottleneckExpansion;
        return new(
            [
                new ConvNorm(inputs, width, 1, 1, generator),
                new ConvNorm(width, width, 3, stride, generator, dilation),
                new ConvNorm(width, outputs, 1, 1, generator),
            ],
            Projection(inputs, outputs, stride, generator));
    }

    /// <summary>Starts the block as its shortcut alone: the scale of the path's last norm as 0.</summary>
    internal void StartAsIdentity() => _path[^1].ZeroScale();

    /// <summary>[B, inputs, H, W] → [B, outputs, ⌈H/stride⌉, ⌈W/stride⌉].</summary>
    public override Tensor forward(Tensor input)
    {
        using Tensor? projected = _projection?.forward(input);
        Tensor x = _path[0].forward(input);
        foreach (ConvNorm layer in _path.AsSpan(1))
        {
            using Tensor previous = x.relu_();
            x = layer.forward(previous);
        }

        Tensor output = x.add_(projected ?? input, Scalars.One).relu_();
        Side?.Keep(output);
        return output;
    }

    private static ConvNorm? Projection(int inputs, int outputs, int stride, Generator generator) =>
        stride == 1 && inputs == outputs ? null : new ConvNorm(inputs, outputs, 1, stride, generator);
}
