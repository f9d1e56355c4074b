using System.Runtime.InteropServices;

namespace Daso.Gpu;

/// <summary>
/// The streams on which libtorch computes, which TorchSharp does not offer: functions that libc10_cuda.so exports, by their mangled names
/// (declared in c10/cuda/CUDAStream.h). libtorch keeps a current stream for each thread and device.
/// </summary>
internal static unsafe class LibTorchStreams
{
    private const string Library = "libc10_cuda.so";

    private static readonly Lazy<Functions> s_functions = new(() => new Functions(Load()));

    [ThreadStatic]
    private static nint t_stream;

    /// <summary>The stream that this thread was given to compute on; 0: the default stream.</summary>
    internal static nint OfThisThread => t_stream;

    /// <summary>Makes a stream of the driver the one that this thread computes on, from now on.</summary>
    internal static void Enter(nint stream, int device)
    {
        s_functions.Value.SetCurrent(s_functions.Value.FromExternal(stream, (sbyte)device));
        t_stream = stream;
    }

    /// <summary>Lets this thread compute on a stream of the driver for the time of a call.</summary>
    internal static void Run(nint stream, int device, Action work)
    {
        Functions functions = s_functions.Value;
        CudaStream before = functions.GetCurrent((sbyte)device);
        functions.SetCurrent(functions.FromExternal(stream, (sbyte)device));
        try
        {
            work();
        }
        finally
        {
            functions.SetCurrent(before);
        }
    }

    /// <summary>By the library's own name the loader finds the one that libtorch has loaded.</summary>
    private static nint Load() => NativeLibrary.TryLoad(Library, out nint module)
        ? module
        : throw new UserErrorException(
            $"{Library} of this libtorch does not load; take a libtorch with CUDA, or --device cpu", ExitCode.Environment);

    /// <summary>c10::cuda::CUDAStream: a c10::Stream (device index, device type, 64-bit number) of 16 bytes, passed and returned in registers.</summary>
    private readonly record struct CudaStream(long Device, long Number);

    private sealed class Functions(nint module)
    {
        // CUDAStream getStreamFromExternal(cudaStream_t, DeviceIndex)
        private readonly delegate* unmanaged<nint, sbyte, CudaStream> _fromExternal =
            (delegate* unmanaged<nint, sbyte, CudaStream>)Find(module, "_ZN3c104cuda21getStreamFromExternalEP11CUstream_sta");

        // CUDAStream getCurrentCUDAStream(DeviceIndex)
        private readonly delegate* unmanaged<sbyte, CudaStream> _getCurrent =
            (delegate* unmanaged<sbyte, CudaStream>)Find(module, "_ZN3c104cuda20getCurrentCUDAStreamEa");

        // void setCurrentCUDAStream(CUDAStream)
        private readonly delegate* unmanaged<CudaStream, void> _setCurrent =
            (delegate* unmanaged<CudaStream, void>)Find(module, "_ZN3c104cuda20setCurrentCUDAStreamENS0_10CUDAStreamE");

        internal CudaStream FromExternal(nint stream, sbyte device) => _fromExternal(stream, device);

        internal CudaStream GetCurrent(sbyte device) => _getCurrent(device);

        internal void SetCurrent(CudaStream stream) => _setCurrent(stream);

        private static nint Find(nint module, string symbol) => NativeLibrary.TryGetExport(module, symbol, out nint function)
            ? function
            : throw new UserErrorException($"{Library} of this libtorch lacks {symbol}; take libtorch 1.9 or later", ExitCode.Environment);
    }
}
