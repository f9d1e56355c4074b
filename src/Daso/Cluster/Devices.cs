using Daso.Communication;
using Daso.Gpu;
using Daso.LibTorch;
using Daso.Recording;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Cluster;

/// <summary>Which device a rank computes on.</summary>
internal static class Devices
{
    /// <summary>Loads libtorch and finds the devices of a node's ranks.</summary>
    /// <param name="kind">cpu or cuda.</param>
    /// <returns>Local id → device; with cuda the node's GPUs in turn.</returns>
    /// <exception cref="UserErrorException">libtorch does not load, or there is no such device.</exception>
    public static Func<int, Device> ForRanks(string kind)
    {
        _ = OpenMpWaiting.Configure();
        NativeEnvironment.SetDefault(NativeLog.Level, "ERROR");
        Installation.Require();
        try
        {
            InitializeDeviceType(DeviceType.CPU);
            NativeLog.ReadLevel();
        }
        catch (Exception failure) when (failure is NotSupportedException or DllNotFoundException or TypeInitializationException)
        {
            string reason = (failure.InnerException ?? failure).Message.ReplaceLineEndings(" ");
            throw new UserErrorException($"libtorch does not load on this machine: {reason}", ExitCode.Environment);
        }

        if (kind == "cpu")
            return _ => CPU;
        if (!cuda.is_available())
        {
            throw new UserErrorException(
                $"--device cuda: no GPU is usable: {WhyNoGpu()}; doctor shows more; or take --device cpu",
                ExitCode.Environment);
        }

        int count = cuda.device_count();
        return localId => device(DeviceType.CUDA, localId % count);
    }

    private static string WhyNoGpu()
    {
        if (Installation.Cuda is null)
            return $"this libtorch is built without CUDA; build with -p:LibTorch=cuda, or with none and name a PyTorch that has it ({Installation.Option})";
        if (GpuFacts.DriverVersion() is null)
            return "there is no NVIDIA driver (libcuda.so.1)";
        if (GpuFacts.Describe().Count > 0)
            return $"the driver shows GPUs that libtorch cannot use; it has CUDA {Installation.Cuda}, the driver serves up to {GpuFacts.DriverVersion()}";
        return "the driver shows none to this process"
            + (Environment.GetEnvironmentVariable("CUDA_VISIBLE_DEVICES") is string visible
                ? $"; CUDA_VISIBLE_DEVICES is '{visible}': numbers that nvidia-smi -L lists, or UUIDs, of MIG's parts too, are wanted"
                : "; ask the scheduler for one (--gpus-per-node), a container for --gpus all");
    }

    /// <summary>libtorch's type of a kind of device.</summary>
    /// <param name="kind">cpu or cuda.</param>
    internal static DeviceType TypeOf(string kind) => kind == "cpu" ? DeviceType.CPU : DeviceType.CUDA;

    /// <summary>The models of the GPUs that a node's ranks compute on.</summary>
    /// <param name="kind">cpu or cuda.</param>
    /// <param name="ranksPerNode">Ranks a node.</param>
    public static IReadOnlyList<string> GpusOf(string kind, int ranksPerNode) =>
        kind == "cuda" ? [.. Enumerable.Range(0, Math.Min(ranksPerNode, cuda.device_count())).Select(CudaGpu.NameOf)] : [];

    /// <summary>Tells a GPU from all others, also from the other parts of a card that is divided; null: no GPU.</summary>
    public static string? IdentityOf(Device device) => device.type == DeviceType.CUDA ? CudaGpu.IdentityOf(device.index) : null;

    /// <summary>Makes this thread, a rank's, compute with a number of threads.</summary>
    public static void UseThreads(int threads) => set_num_threads(threads);

    /// <summary>
    /// Makes a device the one that this thread's calls of CUDA mean where they name none; call it first on each rank's thread. Without it
    /// they mean the first GPU, whatever the rank's is.
    /// </summary>
    internal static void Enter(Device device)
    {
        if (device.type == DeviceType.CUDA)
            new CudaGpu(device.index).Enter();
    }

    /// <summary>Gives a rank that shares its GPU with others of this process a stream of its own; call it after <see cref="Enter"/>.</summary>
    internal static void UseOwnStream(Device device, int rank) => new CudaGpu(device.index).UseOwnStream(rank);

    /// <summary>A GPU by its driver, for the calling thread's computation.</summary>
    internal static IGpu Gpu(Device device) => new CudaGpu(device.index);

    /// <summary>Marks on the stream that a device computes on; null: the host computes, and its clock says when.</summary>
    internal static IStreamMarks? MarksOn(Device device) =>
        device.type == DeviceType.CUDA ? new StreamMarks(new CudaGpu(device.index)) : null;
}
