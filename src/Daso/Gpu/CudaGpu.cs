using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Daso.Communication;

namespace Daso.Gpu;

/// <summary>
/// An NVIDIA GPU by the driver's interface (libcuda.so.1, CUDA Driver API). The driver and not the runtime library: libtorch ships the
/// latter under a name with a hash, the driver's is the same on every machine with a GPU. Streams and markers (events) live in the device's
/// primary context, which is the one that libtorch computes in.
/// </summary>
internal sealed unsafe partial class CudaGpu : IGpu
{
    private const string Driver = "libcuda.so.1";
    private const uint NonBlockingStream = 1; // CU_STREAM_NON_BLOCKING: no hidden waits for the default stream
    private const uint EventWithTime = 0; // CU_EVENT_DEFAULT
    private const uint EventWithoutTime = 2; // CU_EVENT_DISABLE_TIMING
    private const int NotReady = 600; // CUDA_ERROR_NOT_READY

    private static readonly ConcurrentDictionary<(int Device, int Rank), nint> s_streams = [];

    private readonly nint _context;
    private readonly int _index;

    /// <summary>Opens a device; its primary context stays until the process ends, as libtorch's use of it does.</summary>
    /// <param name="index">The device's number, as in cuda:0.</param>
    internal CudaGpu(int index)
    {
        _index = index;
        ComputeStream = LibTorchStreams.OfThisThread;
        Check(Initialize(0), "cuInit");
        Check(GetDevice(out int device, index), "cuDeviceGet");
        Check(RetainPrimaryContext(out _context, device), "cuDevicePrimaryCtxRetain");
    }

    /// <summary>The stream that the thread which made this object computes on: a rank's.</summary>
    public nint ComputeStream { get; }

    /// <summary>The model of a device, as the driver names it: "NVIDIA A100-SXM4-40GB".</summary>
    /// <param name="index">The device's number, as in cuda:0.</param>
    internal static string NameOf(int index)
    {
        const int MostBytes = 256;
        byte* name = stackalloc byte[MostBytes];
        Check(Initialize(0), "cuInit");
        Check(GetDevice(out int device, index), "cuDeviceGet");
        Check(GetDeviceName(name, MostBytes, device), "cuDeviceGetName");
        return Marshal.PtrToStringUTF8((nint)name)!;
    }

    /// <summary>A device's universally unique number (UUID), hexadecimal; a part of a divided card (MIG) has its own.</summary>
    /// <param name="index">The device's number, as in cuda:0.</param>
    internal static string IdentityOf(int index)
    {
        byte[] uuid = new byte[16];
        Check(Initialize(0), "cuInit");
        Check(GetDevice(out int device, index), "cuDeviceGet");
        fixed (byte* memory = uuid)
            Check(GetUuid(memory, device), "cuDeviceGetUuid_v2");
        return Convert.ToHexStringLower(uuid);
    }

    public nint CreateStream()
    {
        Enter();
        Check(CreateStream(out nint stream, NonBlockingStream), "cuStreamCreate");
        return stream;
    }

    public void DestroyStream(nint stream)
    {
        Enter();
        Check(SynchronizeStream(stream), "cuStreamSynchronize");
        Check(FreeStream(stream), "cuStreamDestroy");
    }

    public nint CreateMarker()
    {
        Enter();
        Check(CreateEvent(out nint marker, EventWithoutTime), "cuEventCreate");
        return marker;
    }

    public nint CreateTimedMarker()
    {
        Enter();
        Check(CreateEvent(out nint marker, EventWithTime), "cuEventCreate");
        return marker;
    }

    public void DestroyMarker(nint marker)
    {
        Enter();
        Check(FreeEvent(marker), "cuEventDestroy");
    }

    public void Mark(nint marker, nint stream)
    {
        Enter();
        Check(RecordEvent(marker, stream), "cuEventRecord");
    }

    public void WaitFor(nint marker, nint stream)
    {
        Enter();
        Check(WaitForEvent(stream, marker, 0), "cuStreamWaitEvent");
    }

    public void Copy(nint target, nint source, nuint bytes, nint stream)
    {
        Enter();
        Check(CopyAsync(target, source, bytes, stream), "cuMemcpyAsync");
    }

    public void Compute(nint stream, Action work)
    {
        Enter();
        LibTorchStreams.Run(stream, _index, work);
    }

    public bool IsReached(nint marker)
    {
        Enter();
        int code = QueryEvent(marker);
        if (code == NotReady)
            return false;
        Check(code, "cuEventQuery");
        return true;
    }

    public long ElapsedNs(nint from, nint to)
    {
        Enter();
        Check(ElapsedTime(out float milliseconds, from, to), "cuEventElapsedTime");
        return (long)(milliseconds * 1e6);
    }

    /// <summary>
    /// Gives the calling thread, a rank's, a stream of its own to compute on; call it before any other object of this GPU is made there. The
    /// stream is kept for the rank's next thread, as is the memory that libtorch keeps for it.
    /// </summary>
    /// <param name="rank">Tells this process's ranks apart.</param>
    internal void UseOwnStream(int rank) =>
        LibTorchStreams.Enter(s_streams.GetOrAdd((_index, rank), _ => CreateStream()), _index);

    /// <summary>Makes this GPU the calling thread's, for libtorch too: the driver keeps a current context for each thread.</summary>
    internal void Enter() => Check(SetContext(_context), "cuCtxSetCurrent");

    private static void Check(int code, string function)
    {
        if (code == 0)
            return;
        string reason = ErrorText(code, out nint text) == 0 ? Marshal.PtrToStringUTF8(text)! : $"error {code}";
        throw new InvalidOperationException($"{function}: {reason}");
    }

    [LibraryImport(Driver, EntryPoint = "cuInit")]
    private static partial int Initialize(uint flags);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGet")]
    private static partial int GetDevice(out int device, int index);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetUuid_v2")]
    private static partial int GetUuid(byte* uuid, int device);

    [LibraryImport(Driver, EntryPoint = "cuDeviceGetName")]
    private static partial int GetDeviceName(byte* name, int length, int device);

    [LibraryImport(Driver, EntryPoint = "cuDevicePrimaryCtxRetain")]
    private static partial int RetainPrimaryContext(out nint context, int device);

    [LibraryImport(Driver, EntryPoint = "cuCtxSetCurrent")]
    private static partial int SetContext(nint context);

    [LibraryImport(Driver, EntryPoint = "cuStreamCreate")]
    private static partial int CreateStream(out nint stream, uint flags);

    [LibraryImport(Driver, EntryPoint = "cuStreamSynchronize")]
    private static partial int SynchronizeStream(nint stream);

    [LibraryImport(Driver, EntryPoint = "cuStreamDestroy_v2")]
    private static partial int FreeStream(nint stream);

    [LibraryImport(Driver, EntryPoint = "cuStreamWaitEvent")]
    private static partial int WaitForEvent(nint stream, nint marker, uint flags);

    [LibraryImport(Driver, EntryPoint = "cuEventCreate")]
    private static partial int CreateEvent(out nint marker, uint flags);

    [LibraryImport(Driver, EntryPoint = "cuEventDestroy_v2")]
    private static partial int FreeEvent(nint marker);

    [LibraryImport(Driver, EntryPoint = "cuEventRecord")]
    private static partial int RecordEvent(nint marker, nint stream);

    [LibraryImport(Driver, EntryPoint = "cuEventQuery")]
    private static partial int QueryEvent(nint marker);

    [LibraryImport(Driver, EntryPoint = "cuEventElapsedTime")]
    private static partial int ElapsedTime(out float milliseconds, nint start, nint end);

    [LibraryImport(Driver, EntryPoint = "cuMemcpyAsync")]
    private static partial int CopyAsync(nint target, nint source, nuint bytes, nint stream);

    [LibraryImport(Driver, EntryPoint = "cuGetErrorString")]
    private static partial int ErrorText(int code, out nint text);
}
