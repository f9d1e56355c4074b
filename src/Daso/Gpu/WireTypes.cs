using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>The types that PyTorch has for wire formats.</summary>
internal static class WireTypes
{
    /// <summary>PyTorch's type of a built-in format; null of others.</summary>
    internal static ScalarType? TypeOf(WireFormat wire) =>
        wire == WireFormat.BFloat16 ? ScalarType.BFloat16
        : wire == WireFormat.Float16 ? ScalarType.Float16
        : wire == WireFormat.Float32 ? ScalarType.Float32
        : null;
}
