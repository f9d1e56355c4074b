using System.Globalization;
using System.Runtime.InteropServices;

namespace Daso.Gpu;

/// <summary>What the driver says of this machine's GPUs, without libtorch.</summary>
internal static partial class GpuFacts
{
    private const string Driver = "libcuda.so.1";

    /// <summary>The newest CUDA that the driver serves, as in 13.0; null: there is no driver.</summary>
    internal static string? DriverVersion()
    {
        if (!NativeLibrary.TryLoad(Driver, out _) || GetVersion(out int version) != 0)
            return null;
        return string.Create(CultureInfo.InvariantCulture, $"{version / 1000}.{version % 1000 / 10}");
    }

    /// <summary>The GPUs that this process sees: index, model, memory, UUID; none without a driver.</summary>
    internal static IReadOnlyList<string> Describe()
    {
        if (!NativeLibrary.TryLoad(Driver, out _) || Initialize(0) != 0 || GetCount(out int count) != 0)
            return [];
        return [.. Enumerable.Range(0, count).Select(Describe)];
    }

    private static string Describe(int index)
    {
        nuint bytes = 0;
        if (GetDevice(out int device, index) == 0)
            _ = GetMemory(out bytes, device);
        return string.Create(
            CultureInfo.InvariantCulture, $"{index}: {CudaGpu.NameOf(index)}, {bytes >> 20} MiB, {CudaGpu.IdentityOf(index)}");
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDriverGetVersion")]
    private static partial int GetVersion(out int version);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetCount")]
    private static partial int GetCount(out int count);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int index);

    [LibraryImport(Driver, EntryPoint = "cuDeviceTotalMem_v2")]
    private static partial int GetMemory(out nuint bytes, int device);
}
