using System.Runtime.Intrinsics.X86;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Convolutions whose gradients are right. On virtual machines whose processor hides its caches, libtorch 2.10 (oneDNN) returns wrong
/// gradients of a convolution's input, at times NaN, where the output channels do not fill its vectors (docs/machine.md). There, and on the CPU
/// only, channels of zeros fill them; they are cut off again. Elsewhere nothing is changed.
/// </summary>
internal static class PaddedConvolution
{
    // Numbers in the widest vector, AVX-512's; a multiple of the narrower ones.
    private const int Vector = 16;

    // "Deterministic cache parameters": Intel's leaf and AMD's. Bits 0 to 4 of EAX are the first cache's type; 0: none is described.
    private const int IntelCaches = 4;
    private const int AmdCaches = unchecked((int)0x8000001D);
    private const int CacheType = 0x1f;

    private static readonly bool s_areCachesHidden = X86Base.IsSupported && !Describes(IntelCaches) && !Describes(AmdCaches);

    /// <summary>What <paramref name="layer"/> makes of [B, inputs, H, W].</summary>
    internal static Tensor Forward(Conv2d layer, Tensor input)
    {
        long[] shape = layer.weight.shape;
        long missing = (Vector - (shape[0] % Vector)) % Vector;
        if (missing == 0 || !s_areCachesHidden || input.device_type != DeviceType.CPU)
            return layer.forward(input);
        using Tensor zeros = torch.zeros([missing, .. shape[1..]], layer.weight.dtype);
        using Tensor weight = cat([layer.weight, zeros]);
        using Tensor? noBias = layer.bias is null ? null : torch.zeros([missing], layer.weight.dtype);
        using Tensor? bias = noBias is null ? null : cat([layer.bias!, noBias]);
        using Tensor wide = nn.functional.conv2d(
            input, weight, bias, strides: layer.stride, padding: layer.padding, dilation: layer.dilation, groups: layer.groups);
        using Tensor narrow = wide.narrow(1, 0, shape[0]);
        return narrow.contiguous();
    }

    private static bool Describes(int leaf) => (X86Base.CpuId(leaf, 0).Eax & CacheType) != 0;
}
