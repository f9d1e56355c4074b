using System.Runtime.InteropServices;
using System.Text;

namespace Daso.Communication.Mpi;

/// <summary>
/// The MPI library of this machine: found, checked and bound. MPI.NET starts and ends the job with it; what MPI.NET lacks (handles for
/// started messages on native memory, the split by shared memory) is called through the functions here.
/// </summary>
internal sealed unsafe class MpiLibrary
{
    /// <summary>Names the library's file in place of the search.</summary>
    internal const string Variable = "DASO_MPI_LIBRARY";

    private readonly delegate* unmanaged<nint, int, int, nint*, int> _split;
    private readonly delegate* unmanaged<nint, int, int, nint, nint*, int> _splitType;
    private readonly delegate* unmanaged<nint, int*, int> _rank;
    private readonly delegate* unmanaged<nint, int*, int> _size;
    private readonly delegate* unmanaged<nint*, int> _free;
    private readonly delegate* unmanaged<nint, nint, int> _setErrorHandler;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _send;
    private readonly delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int> _receive;
    private readonly delegate* unmanaged<nint*, int*, nint, int> _test;
    private readonly delegate* unmanaged<int, int, nint, int*, nint, int> _probe;
    private readonly delegate* unmanaged<nint, int> _barrier;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, int> _broadcast;
    private readonly delegate* unmanaged<nint, int, nint, void*, int, nint, nint, int> _gather;
    private readonly delegate* unmanaged<nint, void*, int, nint, nint, nint, nint*, int> _allReduce;
    private readonly delegate* unmanaged<void*, int, nint, int, nint, nint*, int> _startBroadcast;
    private readonly delegate* unmanaged<nint, int, nint, void*, int, nint, nint, nint*, int> _allGather;
    private readonly delegate* unmanaged<int, byte*, int*, int> _errorText;

    private MpiLibrary(nint module, string path, MpiBinaryInterface binary)
    {
        Module = module;
        Path = path;
        Binary = binary;
        _split = (delegate* unmanaged<nint, int, int, nint*, int>)Function("MPI_Comm_split");
        _splitType = (delegate* unmanaged<nint, int, int, nint, nint*, int>)Function("MPI_Comm_split_type");
        _rank = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_rank");
        _size = (delegate* unmanaged<nint, int*, int>)Function("MPI_Comm_size");
        _free = (delegate* unmanaged<nint*, int>)Function("MPI_Comm_free");
        _setErrorHandler = (delegate* unmanaged<nint, nint, int>)Function("MPI_Comm_set_errhandler");
        _send = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Function("MPI_Isend");
        _receive = (delegate* unmanaged<void*, int, nint, int, int, nint, nint*, int>)Function("MPI_Irecv");
        _test = (delegate* unmanaged<nint*, int*, nint, int>)Function("MPI_Test");
        _probe = (delegate* unmanaged<int, int, nint, int*, nint, int>)Function("MPI_Iprobe");
        _barrier = (delegate* unmanaged<nint, int>)Function("MPI_Barrier");
        _broadcast = (delegate* unmanaged<void*, int, nint, int, nint, int>)Function("MPI_Bcast");
        _gather = (delegate* unmanaged<nint, int, nint, void*, int, nint, nint, int>)Function("MPI_Allgather");
        _allReduce = (delegate* unmanaged<nint, void*, int, nint, nint, nint, nint*, int>)Function("MPI_Iallreduce");
        _startBroadcast = (delegate* unmanaged<void*, int, nint, int, nint, nint*, int>)Function("MPI_Ibcast");
        _allGather = (delegate* unmanaged<nint, int, nint, void*, int, nint, nint, nint*, int>)Function("MPI_Iallgather");
        _errorText = (delegate* unmanaged<int, byte*, int*, int>)Function("MPI_Error_string");
    }

    /// <summary>The loaded module.</summary>
    internal nint Module { get; }

    /// <summary>The name that it was loaded by.</summary>
    internal string Path { get; }

    /// <summary>Its constants.</summary>
    internal MpiBinaryInterface Binary { get; }

    /// <summary>Finds and loads the library.</summary>
    /// <param name="chosen">The value of --mpi-library; null: <see cref="Variable"/>, else the search.</param>
    /// <param name="prefersOpenMpi">Whether the launcher is Open MPI's, or one that Open MPI's programs are often started by.</param>
    /// <exception cref="UserErrorException">There is none.</exception>
    internal static MpiLibrary Load(string? chosen, bool prefersOpenMpi = false)
    {
        // Read when the library loads; what the user has set stays. UCX's put over TCP makes MPI_Finalize of MPICH 4.0 hang; its signal
        // handlers would end the process where the runtime turns a signal into an exception.
        NativeEnvironment.SetDefault("UCX_TCP_PUT_ENABLE", "n");
        NativeEnvironment.SetDefault("UCX_ERROR_SIGNALS", "");
        // To hear of memory that is unmapped UCX patches the code of libc's functions, which the runtime's threads run at that moment: of
        // 40 processes one died of it at most starts (SIGSEGV in madvise). Only RDMA has to hear of it; patched tables do no harm.
        NativeEnvironment.SetDefault("UCX_MEM_MMAP_HOOK_MODE", HasRemoteMemoryAccess() ? "reloc" : "none");
        // Receive buffers in /dev/shm, of 8 KiB each, come so many at a time: by default 512, which are 4 MiB a process.
        NativeEnvironment.SetDefault("UCX_MM_RX_BUFS_GROW", "64");
        // Over TCP a message above the threshold first asks the receiver, and the question waits behind the data on a busy link. Our pieces
        // find their receiver ready.
        if (!HasRemoteMemoryAccess())
            NativeEnvironment.SetDefault("UCX_RNDV_THRESH", "1m");
        // Open MPI would take the signals that the runtime turns into exceptions, to print a trace.
        NativeEnvironment.SetDefault("OMPI_MCA_opal_signal", "");
        string origin = chosen is null ? Variable : "--mpi-library";
        chosen ??= Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } value ? value : null;
        IReadOnlyList<string> names = chosen is null ? MpiBinaryInterface.Libraries(prefersOpenMpi) : [chosen];
        foreach (string name in names)
        {
            if (!NativeLibrary.TryLoad(name, out nint module))
                continue;
            if (MpiBinaryInterface.Of(module) is MpiBinaryInterface binary)
            {
                if (!binary.FitsMpiNet)
                    MakeGlobal(name);
                return new MpiLibrary(module, name, binary);
            }

            if (chosen is not null)
            {
                throw new UserErrorException(
                    $"{origin} {name}: not an MPI library; name MPICH's (or one of its family) or Open MPI's", ExitCode.Environment);
            }
        }

        throw new UserErrorException(
            chosen is null
                ? $"no MPI library found ({string.Join(", ", names)}); install MPICH or Open MPI, or name one with --mpi-library or {Variable}"
                : $"{origin} {chosen}: does not load; name an MPI library: MPICH's (or one of its family) or Open MPI's",
            ExitCode.Environment);
    }

    /// <summary>Starts MPI in this process, with as much freedom for threads as there is; returns the level.</summary>
    internal int Initialize()
    {
        int level;
        var initialize = (delegate* unmanaged<int*, byte***, int, int*, int>)Function("MPI_Init_thread");
        Check(initialize(null, null, Binary.ThreadMultiple, &level), "MPI_Init_thread");
        return level;
    }

    /// <summary>Ends MPI in this process.</summary>
    internal void Complete() => Check(((delegate* unmanaged<int>)Function("MPI_Finalize"))(), "MPI_Finalize");

    /// <summary>Ends the job.</summary>
    internal void Abort(int code) => _ = ((delegate* unmanaged<nint, int, int>)Function("MPI_Abort"))(Binary.World, code);

    /// <summary>A new communicator of the ranks with this colour, in their order. Collective.</summary>
    internal nint Split(nint communicator, int colour, int key)
    {
        nint made = 0;
        Check(_split(communicator, colour, key, &made), "MPI_Comm_split");
        return made;
    }

    /// <summary>A new communicator of the ranks that share memory with this one. Collective.</summary>
    internal nint SplitByMemory(nint communicator, int key)
    {
        nint made = 0;
        Check(_splitType(communicator, Binary.SharedMemory, key, Binary.NullInfo, &made), "MPI_Comm_split_type");
        return made;
    }

    internal int RankIn(nint communicator)
    {
        int rank;
        Check(_rank(communicator, &rank), "MPI_Comm_rank");
        return rank;
    }

    internal int SizeOf(nint communicator)
    {
        int size;
        Check(_size(communicator, &size), "MPI_Comm_size");
        return size;
    }

    internal void Free(nint communicator) => Check(_free(&communicator), "MPI_Comm_free");

    /// <summary>Makes errors on the communicator, and on those split from it, return codes in place of ending the process.</summary>
    internal void ReturnErrors(nint communicator) =>
        Check(_setErrorHandler(communicator, Binary.ErrorsReturn), "MPI_Comm_set_errhandler");

    /// <summary>Starts sending bytes, which stay untouched until <see cref="IsDone"/>.</summary>
    internal nint Send(byte* bytes, int count, int target, int tag, nint communicator)
    {
        nint request = 0;
        Check(_send(bytes, count, Binary.Byte, target, tag, communicator, &request), "MPI_Isend");
        return request;
    }

    /// <summary>Starts receiving exactly <paramref name="count"/> bytes.</summary>
    internal nint Receive(byte* bytes, int count, int source, int tag, nint communicator)
    {
        nint request = 0;
        Check(_receive(bytes, count, Binary.Byte, source, tag, communicator, &request), "MPI_Irecv");
        return request;
    }

    /// <summary>Whether a started message is done; it makes progress on all. A request that is done becomes the null request.</summary>
    internal bool IsDone(ref nint request)
    {
        int isDone;
        fixed (nint* pointer = &request)
            Check(_test(pointer, &isDone, Binary.IgnoredStatus), "MPI_Test");
        return isDone != 0;
    }

    /// <summary>Starts the library's own reduction over all ranks, in place.</summary>
    internal nint AllReduce(float* values, int count, nint operation, nint communicator)
    {
        nint request = 0;
        Check(_allReduce(Binary.InPlace, values, count, Binary.Float, operation, communicator, &request), "MPI_Iallreduce");
        return request;
    }

    /// <summary>Starts the library's own copy of the root's values to all.</summary>
    internal nint StartBroadcast(float* values, int count, int root, nint communicator)
    {
        nint request = 0;
        Check(_startBroadcast(values, count, Binary.Float, root, communicator, &request), "MPI_Ibcast");
        return request;
    }

    /// <summary>Starts the library's own gather of <paramref name="count"/> values of each rank, in place.</summary>
    internal nint AllGather(float* all, int count, nint communicator)
    {
        nint request = 0;
        Check(_allGather(Binary.InPlace, 0, Binary.Float, all, count, Binary.Float, communicator, &request), "MPI_Iallgather");
        return request;
    }

    /// <summary>Whether the library says that it takes memory of NVIDIA's GPUs; null where it says nothing. After the job's start.</summary>
    internal bool? TakesCudaMemory()
    {
        if (NativeLibrary.TryGetExport(Module, "MPIX_GPU_query_support", out nint ofKind))
        {
            int isSupported;
            Check(((delegate* unmanaged<int, int*, int>)ofKind)(Binary.CudaSupport, &isSupported), "MPIX_GPU_query_support");
            return isSupported != 0;
        }

        return NativeLibrary.TryGetExport(Module, "MPIX_Query_cuda_support", out nint ofCuda)
            ? ((delegate* unmanaged<int>)ofCuda)() != 0
            : null;
    }

    /// <summary>Whether a message from any rank is there; it makes progress on all messages.</summary>
    internal bool HasMessage(int tag, nint communicator)
    {
        int isThere;
        Check(_probe(Binary.AnySource, tag, communicator, &isThere, Binary.IgnoredStatus), "MPI_Iprobe");
        return isThere != 0;
    }

    /// <summary>Lets the library make progress on messages that nobody here waits for.</summary>
    internal void Progress(nint communicator) => HasMessage(Binary.AnyTag, communicator);

    /// <summary>Copies the root's bytes to all; blocks.</summary>
    internal void Broadcast(byte* bytes, int count, int root, nint communicator) =>
        Check(_broadcast(bytes, count, Binary.Byte, root, communicator), "MPI_Bcast");

    /// <summary>Gathers <paramref name="count"/> bytes of each rank, in place; blocks.</summary>
    internal void Gather(byte* all, int count, nint communicator) =>
        Check(_gather(Binary.InPlace, 0, Binary.Byte, all, count, Binary.Byte, communicator), "MPI_Allgather");

    internal void Barrier(nint communicator) => Check(_barrier(communicator), "MPI_Barrier");

    /// <summary>Whether the machine has a network card of the InfiniBand kind.</summary>
    private static bool HasRemoteMemoryAccess() =>
        Directory.Exists("/sys/class/infiniband") && Directory.EnumerateFileSystemEntries("/sys/class/infiniband").Any();

    /// <summary>
    /// Lets what the library loads later find its symbols, as where a program is linked to it: Open MPI's components name no library that
    /// they take them from.
    /// </summary>
    private static void MakeGlobal(string name)
    {
        const int Now = 2, AlreadyLoaded = 4, Global = 0x100; // RTLD_NOW, RTLD_NOLOAD, RTLD_GLOBAL
        nint open = NativeLibrary.GetExport(NativeLibrary.GetMainProgramHandle(), "dlopen");
        byte[] text = [.. Encoding.UTF8.GetBytes(name), 0];
        fixed (byte* pointer = text)
            _ = ((delegate* unmanaged<byte*, int, nint>)open)(pointer, Now | AlreadyLoaded | Global);
    }

    private nint Function(string name) => NativeLibrary.GetExport(Module, name);

    /// <summary>Every return code comes through here.</summary>
    private void Check(int code, string function)
    {
        if (code == 0)
            return;
        byte* text = stackalloc byte[Binary.ErrorTextLength];
        int length;
        string reason = _errorText(code, text, &length) == 0 ? Encoding.UTF8.GetString(text, length) : $"error {code}";
        throw new MpiException(function, reason.ReplaceLineEndings(" "));
    }
}
