using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Daso.Communication.Nccl;

/// <summary>ncclResult_t, by nccl.h.</summary>
internal enum NcclResult
{
    Success = 0,
    UnhandledCudaError = 1,
    SystemError = 2,
    InternalError = 3,
    InvalidArgument = 4,
    InvalidUsage = 5,
    RemoteError = 6,

    /// <summary>A non-blocking communicator is still at it: <c>ncclCommGetAsyncError</c> says when it is done.</summary>
    InProgress = 7,
}

/// <summary>ncclDataType_t, those that are used.</summary>
internal enum NcclType
{
    UInt8 = 1,
    Int64 = 4,
    Float16 = 6,
    Float32 = 7,
    BFloat16 = 9,
}

/// <summary>ncclRedOp_t, those that are used.</summary>
internal enum NcclOperation
{
    Sum = 0,
    Max = 2,
    Min = 3,

    /// <summary>The sum over the communicator's size. NCCL multiplies floats by 1/n before it adds them.</summary>
    Average = 4,
}

/// <summary>ncclUniqueId: 128 bytes (NCCL_UNIQUE_ID_BYTES) that all ranks of a communicator get from one of them; passed by value.</summary>
[InlineArray(Length)]
internal struct NcclUniqueId
{
    /// <summary>NCCL_UNIQUE_ID_BYTES.</summary>
    internal const int Length = 128;

    private byte _first;
}

/// <summary>
/// ncclConfig_t as NCCL 2.14 had it (struct ncclConfig_v21400). Later versions have more members at its end, which they give their defaults
/// where the size and version say that these are missing (parseCommConfig in init.cc).
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NcclConfig
{
    private nuint _size;
    private uint _magic;
    private uint _version;
    private int _blocking;

    /// <summary>Calls return at once; <c>ncclCommGetAsyncError</c> says how they went.</summary>
    internal static unsafe NcclConfig NonBlocking => new()
    {
        _size = (nuint)sizeof(NcclConfig),
        _magic = 0xcafebeef,
        _version = 21400,
        _blocking = 0,
    };
}

/// <summary>
/// The functions of libnccl.so.2, by nccl.h of NCCL 2.14 to 2.28. Streams are the driver's (cudaStream_t and CUstream are one pointer),
/// communicators (ncclComm_t) are pointers, counts are elements.
/// </summary>
/// <param name="module">The loaded library.</param>
internal sealed unsafe class NcclInterface(nint module)
{
    /// <summary>ncclResult_t ncclGetVersion(int* version)</summary>
    internal readonly delegate* unmanaged<int*, NcclResult> GetVersion =
        (delegate* unmanaged<int*, NcclResult>)Function(module, "ncclGetVersion");

    /// <summary>const char* ncclGetErrorString(ncclResult_t result)</summary>
    internal readonly delegate* unmanaged<NcclResult, nint> GetErrorString =
        (delegate* unmanaged<NcclResult, nint>)Function(module, "ncclGetErrorString");

    /// <summary>const char* ncclGetLastError(ncclComm_t comm)</summary>
    internal readonly delegate* unmanaged<nint, nint> GetLastError = (delegate* unmanaged<nint, nint>)Function(module, "ncclGetLastError");

    /// <summary>ncclResult_t ncclGetUniqueId(ncclUniqueId* uniqueId)</summary>
    internal readonly delegate* unmanaged<NcclUniqueId*, NcclResult> GetUniqueId =
        (delegate* unmanaged<NcclUniqueId*, NcclResult>)Function(module, "ncclGetUniqueId");

    /// <summary>ncclResult_t ncclCommInitRankConfig(ncclComm_t* comm, int nranks, ncclUniqueId commId, int rank, ncclConfig_t* config)</summary>
    internal readonly delegate* unmanaged<nint*, int, NcclUniqueId, int, NcclConfig*, NcclResult> Initialize =
        (delegate* unmanaged<nint*, int, NcclUniqueId, int, NcclConfig*, NcclResult>)Function(module, "ncclCommInitRankConfig");

    /// <summary>ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t* asyncError)</summary>
    internal readonly delegate* unmanaged<nint, NcclResult*, NcclResult> GetAsyncError =
        (delegate* unmanaged<nint, NcclResult*, NcclResult>)Function(module, "ncclCommGetAsyncError");

    /// <summary>ncclResult_t ncclCommAbort(ncclComm_t comm)</summary>
    internal readonly delegate* unmanaged<nint, NcclResult> Abort = (delegate* unmanaged<nint, NcclResult>)Function(module, "ncclCommAbort");

    /// <summary>ncclResult_t ncclCommFinalize(ncclComm_t comm)</summary>
    internal readonly delegate* unmanaged<nint, NcclResult> Finalize =
        (delegate* unmanaged<nint, NcclResult>)Function(module, "ncclCommFinalize");

    /// <summary>ncclResult_t ncclCommDestroy(ncclComm_t comm)</summary>
    internal readonly delegate* unmanaged<nint, NcclResult> Destroy =
        (delegate* unmanaged<nint, NcclResult>)Function(module, "ncclCommDestroy");

    /// <summary>ncclResult_t ncclAllReduce(sendbuff, recvbuff, size_t count, datatype, op, comm, stream)</summary>
    internal readonly delegate* unmanaged<nint, nint, nuint, NcclType, NcclOperation, nint, nint, NcclResult> AllReduce =
        (delegate* unmanaged<nint, nint, nuint, NcclType, NcclOperation, nint, nint, NcclResult>)Function(module, "ncclAllReduce");

    /// <summary>ncclResult_t ncclReduceScatter(sendbuff, recvbuff, size_t recvcount, datatype, op, comm, stream)</summary>
    internal readonly delegate* unmanaged<nint, nint, nuint, NcclType, NcclOperation, nint, nint, NcclResult> ReduceScatter =
        (delegate* unmanaged<nint, nint, nuint, NcclType, NcclOperation, nint, nint, NcclResult>)Function(module, "ncclReduceScatter");

    /// <summary>ncclResult_t ncclReduce(sendbuff, recvbuff, size_t count, datatype, op, int root, comm, stream)</summary>
    internal readonly delegate* unmanaged<nint, nint, nuint, NcclType, NcclOperation, int, nint, nint, NcclResult> Reduce =
        (delegate* unmanaged<nint, nint, nuint, NcclType, NcclOperation, int, nint, nint, NcclResult>)Function(module, "ncclReduce");

    /// <summary>ncclResult_t ncclAllGather(sendbuff, recvbuff, size_t sendcount, datatype, comm, stream)</summary>
    internal readonly delegate* unmanaged<nint, nint, nuint, NcclType, nint, nint, NcclResult> AllGather =
        (delegate* unmanaged<nint, nint, nuint, NcclType, nint, nint, NcclResult>)Function(module, "ncclAllGather");

    /// <summary>ncclResult_t ncclBroadcast(sendbuff, recvbuff, size_t count, datatype, int root, comm, stream)</summary>
    internal readonly delegate* unmanaged<nint, nint, nuint, NcclType, int, nint, nint, NcclResult> Broadcast =
        (delegate* unmanaged<nint, nint, nuint, NcclType, int, nint, nint, NcclResult>)Function(module, "ncclBroadcast");

    /// <summary>ncclResult_t ncclGroupStart()</summary>
    internal readonly delegate* unmanaged<NcclResult> GroupStart = (delegate* unmanaged<NcclResult>)Function(module, "ncclGroupStart");

    /// <summary>ncclResult_t ncclGroupEnd()</summary>
    internal readonly delegate* unmanaged<NcclResult> GroupEnd = (delegate* unmanaged<NcclResult>)Function(module, "ncclGroupEnd");

    private static nint Function(nint module, string name) => NativeLibrary.GetExport(module, name);
}
