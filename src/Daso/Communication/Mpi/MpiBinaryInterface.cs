namespace Daso.Communication.Mpi;

/// <summary>
/// What an MPI library's binary interface fixes beyond its function names: the values behind the names of mpi.h. Handles are passed as
/// machine words, which serves libraries with 32-bit handles (little-endian) and with pointers alike.
/// </summary>
/// <param name="Name">As in messages.</param>
/// <param name="Libraries">File names, searched in this order.</param>
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
/// <param name="CudaSupport">MPIX_GPU_SUPPORT_CUDA.</param>
internal sealed record MpiBinaryInterface(
    string Name,
    IReadOnlyList<string> Libraries,
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
    /// <summary>
    /// The common interface of MPICH, Intel MPI, Cray MPICH, MVAPICH and ParaStation MPI (MPICH ABI Compatibility Initiative); values
    /// from mpi.h of MPICH 4.0.2.
    /// </summary>
    internal static readonly MpiBinaryInterface Mpich = new(
        "MPICH",
        ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12", "libmpich.so", "libmpi.so"],
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
}
