using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Daso.Gpu;

/// <summary>Where a tensor's values lie.</summary>
internal static partial class TensorAddress
{
    /// <summary>
    /// The address of a tensor's first element, on its device; null of an empty tensor. TorchSharp gives out addresses of the host only,
    /// and spans, which end at 2 GiB.
    /// </summary>
    internal static nint Of(Tensor tensor) => DataOf(tensor.Handle);

    [LibraryImport("LibTorchSharp", EntryPoint = "THSTensor_data")]
    private static partial nint DataOf(nint tensor);
}
