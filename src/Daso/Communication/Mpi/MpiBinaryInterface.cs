using System.Runtime.InteropServices;

namespace Daso.Communication.Mpi;

/// <summary>
/// What an MPI library's binary interface fixes beyond its function names: the values behind the names of mpi.h. Handles are passed as
/// machine words, which serves libraries with 32-bit handles (little-endian) and with pointers alike.
/// </summary>
/// <param name="Name">As in messages.</param>
/// <param name="FitsMpiNet">Whether MPI.NET, which has MPICH's 32-bit handles, can start and end jobs with it.</param>
/// <param name="ThreadMultiple">MPI_THREAD_MULTIPLE.</param>
/// <param name="World">MPI_COMM_WORLD.</param>
/// <param name="Byte">MPI_BYTE.</param>
/// <param name="Float">MPI_FLOAT.</param>
/// <param name="Sum">MPI_SUM.</param>
/// <param name="Min">MPI_MIN.</param>
/// <param name="Max">MPI_MAX.</param>
/// <param name="InPlace">MPI_IN_PLACE.</param>
/// <param name="NullInfo">MPI_INFO_NULL.</param>
/// <param name="ErrorsReturn">MPI_ERRORS_RETURN.</param>
/// <param name="IgnoredStatus">MPI_STATUS_IGNORE.</param>
/// <param name="SharedMemory">MPI_COMM_TYPE_SHARED.</param>
/// <param name="AnySource">MPI_ANY_SOURCE.</param>
/// <param name="AnyTag">MPI_ANY_TAG.</param>
/// <param name="ErrorTextLength">MPI_MAX_ERROR_STRING.</param>
/// <param name="CudaSupport">MPIX_GPU_SUPPORT_CUDA, for a library with MPIX_GPU_query_support (MPICH 4).</param>
internal sealed record MpiBinaryInterface(
    string Name,
    bool FitsMpiNet,
    int ThreadMultiple,
    nint World,
    nint Byte,
    nint Float,
    nint Sum,
    nint Min,
    nint Max,
    nint InPlace,
    nint NullInfo,
    nint ErrorsReturn,
    nint IgnoredStatus,
    int SharedMemory,
    int AnySource,
    int AnyTag,
    int ErrorTextLength,
    int CudaSupport)
{
    private const string OpenMpiWorld = "ompi_mpi_comm_world";

    private static readonly string[] s_mpichLibraries = ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpich.so", "libmpi.so"];

    // 4 and 5 share a number.
    private static readonly string[] s_openMpiLibraries = ["libmpi.so.40", "libmpi.so"];

    private static readonly string[] s_standardLibraries = ["libmpi_abi.so.1", "libmpi_abi.so"];

    /// <summary>
    /// The common interface of MPICH, Intel MPI, Cray MPICH, MVAPICH and ParaStation MPI (MPICH ABI Compatibility Initiative); values
    /// from mpi.h of MPICH 4.0.2.
    /// </summary>
    internal static readonly MpiBinaryInterface Mpich = new(
        "MPICH",
        FitsMpiNet: true,
        ThreadMultiple: 3,
        World: 0x44000000,
        Byte: 0x4c00010d,
        Float: 0x4c00040a,
        Sum: 0x58000003,
        Min: 0x58000002,
        Max: 0x58000001,
        InPlace: -1,
        NullInfo: 0x1c000000,
        ErrorsReturn: 0x54000001,
        IgnoredStatus: 1,
        SharedMemory: 1,
        AnySource: -2,
        AnyTag: -1,
        ErrorTextLength: 512,
        CudaSupport: 0);

    /// <summary>The interface that MPI 5.0 fixes for all libraries (its chapter 20 and appendix A): libmpi_abi.so, version 1 of the ABI.</summary>
    internal static readonly MpiBinaryInterface Standard = new(
        "MPI 5 standard",
        FitsMpiNet: false,
        ThreadMultiple: 4096,
        World: 0x101,
        Byte: 0x247,
        Float: 0x210,
        Sum: 0x21,
        Min: 0x22,
        Max: 0x23,
        InPlace: 1,
        NullInfo: 0x130,
        ErrorsReturn: 0x142,
        IgnoredStatus: 0,
        SharedMemory: 221,
        AnySource: -1,
        AnyTag: -2,
        ErrorTextLength: 512,
        CudaSupport: 0);

    /// <summary>File names of libraries, in the order of the search.</summary>
    /// <param name="prefersOpenMpi">Whether Open MPI's come before those of MPICH's family.</param>
    internal static IReadOnlyList<string> Libraries(bool prefersOpenMpi) => prefersOpenMpi
        ? [.. s_openMpiLibraries, .. s_standardLibraries, .. s_mpichLibraries]
        : [.. s_mpichLibraries, .. s_openMpiLibraries, .. s_standardLibraries];

    /// <summary>The interface that a loaded library has; null: it is no MPI library.</summary>
    /// <param name="module">The library.</param>
    internal static MpiBinaryInterface? Of(nint module)
    {
        // The standard's first: a library of it may find the other's symbols in what it is made of.
        if (HasStandardVersion(module))
            return Standard;
        if (NativeLibrary.TryGetExport(module, OpenMpiWorld, out _))
            return OpenMpi(name => NativeLibrary.GetExport(module, name));
        return NativeLibrary.TryGetExport(module, "MPI_Init_thread", out _) ? Mpich : null;
    }

    /// <summary>
    /// Open MPI's, of 4 and 5 alike: handles are the addresses of what the library exports; other values from mpi.h of Open MPI 4.1.4.
    /// </summary>
    /// <param name="address">The address of an exported symbol.</param>
    internal static MpiBinaryInterface OpenMpi(Func<string, nint> address) => new(
        "Open MPI",
        FitsMpiNet: false,
        ThreadMultiple: 3,
        World: address(OpenMpiWorld),
        Byte: address("ompi_mpi_byte"),
        Float: address("ompi_mpi_float"),
        Sum: address("ompi_mpi_op_sum"),
        Min: address("ompi_mpi_op_min"),
        Max: address("ompi_mpi_op_max"),
        InPlace: 1,
        NullInfo: address("ompi_mpi_info_null"),
        ErrorsReturn: address("ompi_mpi_errors_return"),
        IgnoredStatus: 0,
        SharedMemory: 0,
        AnySource: -1,
        AnyTag: -1,
        ErrorTextLength: 256,
        CudaSupport: 0);

    /// <summary>A library of MPI 5 that has another interface has the function, too, and says −1. It may be called before the start.</summary>
    private static unsafe bool HasStandardVersion(nint module)
    {
        if (!NativeLibrary.TryGetExport(module, "MPI_Abi_get_version", out nint function))
            return false;
        int major, minor;
        return ((delegate* unmanaged<int*, int*, int>)function)(&major, &minor) == 0 && major == 1;
    }
}
