using System.Runtime.InteropServices;

namespace Daso.Gpu;

/// <summary>How much of a GPU's memory is taken (CUDA Driver API).</summary>
internal static partial class GpuMemory
{
    /// <summary>
    /// Bytes in use on the calling thread's GPU, by all processes. libtorch keeps what it has once taken, so that on a GPU of its own a
    /// process's peak is what is in use at the end.
    /// </summary>
    /// <returns>0 where the driver does not say.</returns>
    internal static long InUse() => GetInfo(out nuint free, out nuint total) == 0 ? (long)(total - free) : 0;

    [LibraryImport("libcuda.so.1", EntryPoint = "cuMemGetInfo_v2")]
    private static partial int GetInfo(out nuint free, out nuint total);
}
