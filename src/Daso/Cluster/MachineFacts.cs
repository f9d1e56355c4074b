using System.Globalization;
using Daso.Gpu;
using Daso.LibTorch;
using static TorchSharp.torch;

namespace Daso.Cluster;

/// <summary>What this machine has that a run depends on, for its manifest and for <c>doctor</c>.</summary>
internal static class MachineFacts
{
    /// <summary>What is not there.</summary>
    internal const string None = "none";

    /// <summary>Where the kernel lists devices for remote memory access.</summary>
    private const string RdmaFolder = "/sys/class/infiniband";

    /// <summary>The facts by name, in the order in which they are shown. libtorch is loaded.</summary>
    internal static IReadOnlyDictionary<string, string> Detect() => new Dictionary<string, string>
    {
        ["libtorch"] = $"{Installation.Version}, {(Installation.Folder is string folder ? $"from {folder}" : "the program's own")}",
        ["cuda"] = Installation.Cuda ?? "libtorch is built without",
        ["cudnn"] = Installation.Cudnn ?? None,
        ["driver"] = GpuFacts.DriverVersion() is string cuda ? $"{KernelDriver()}, up to CUDA {cuda}" : None,
        ["gpus"] = GpuFacts.Describe() is { Count: > 0 } gpus ? string.Join("; ", gpus) : None,
        ["cores"] = string.Create(CultureInfo.InvariantCulture, $"{Environment.ProcessorCount} of this process, mask {CoreMask.OfProcess()}"),
        ["rdma"] = RdmaDevices() is { Length: > 0 } devices ? string.Join(", ", devices) : None,
        ["lockedMemory"] = LockedMemory() ?? "unknown",
        ["sharedMemory"] = SharedMemoryBytes() is long bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes >> 20} MiB free in /dev/shm") : None,
    };

    /// <summary>What will not work, and the mend, a line each.</summary>
    internal static IEnumerable<string> Complaints()
    {
        bool hasGpu = GpuFacts.Describe().Count > 0;
        if (hasGpu && Installation.Cuda is null)
            yield return $"--device cuda: this libtorch is built without CUDA; name a PyTorch that has it with {Installation.Option}, or build with -p:LibTorch=cuda";
        if (Installation.Cuda is not null && !hasGpu)
            yield return "--device cuda: libtorch has CUDA, but the driver shows no GPU; look at nvidia-smi and CUDA_VISIBLE_DEVICES";
        else if (hasGpu && Installation.Cuda is not null && !cuda.is_available())
            yield return "--device cuda: the driver shows GPUs that libtorch cannot use; its CUDA must not be newer than the driver's";
        if (RdmaDevices().Length > 0 && LockedMemory() is string limit && limit != "unlimited")
            yield return $"RDMA: at most {limit} bytes may be locked; set ulimit -l unlimited, on nodes in the daemon's unit (LimitMEMLOCK=infinity)";
        if (SharedMemoryBytes() is not long free)
            yield return "MPI: there is no /dev/shm, through which a node's ranks exchange; mount a tmpfs there";
        else if (free < 64 << 20)
            yield return string.Create(CultureInfo.InvariantCulture, $"MPI: {free >> 20} MiB are free in /dev/shm; ranks take up to 48 MiB; docker run --shm-size 1g");
    }

    private static string KernelDriver()
    {
        const string Version = "/sys/module/nvidia/version";
        return File.Exists(Version) ? File.ReadAllText(Version).Trim() : "version unknown";
    }

    private static string[] RdmaDevices() => Directory.Exists(RdmaFolder)
        ? [.. Directory.GetFileSystemEntries(RdmaFolder).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal)]
        : [];

    /// <summary>The soft limit, in bytes or "unlimited", as ulimit -l (which counts in KiB).</summary>
    private static string? LockedMemory()
    {
        const string Limits = "/proc/self/limits", Key = "Max locked memory";
        return File.Exists(Limits)
            ? File.ReadLines(Limits).FirstOrDefault(line => line.StartsWith(Key, StringComparison.Ordinal))?[Key.Length..]
                .Split(' ', StringSplitOptions.RemoveEmptyEntries)[0]
            : null;
    }

    private static long? SharedMemoryBytes() => Directory.Exists("/dev/shm") ? new DriveInfo("/dev/shm").AvailableFreeSpace : null;
}
