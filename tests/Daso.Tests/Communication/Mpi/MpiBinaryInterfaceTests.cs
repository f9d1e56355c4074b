using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class MpiBinaryInterfaceTests
{
    /// <summary>
    /// The values that MPI 5.0 publishes (appendix A.1, as in mpi.h of the forum's mpi-abi-stubs): no library of it is at hand to be asked.
    /// </summary>
    [Fact]
    public void The_standards_table_has_the_published_values() => Assert.Equal(
        new MpiBinaryInterface(
            "MPI 5 standard",
            FitsMpiNet: false,
            ThreadMultiple: 4096,
            World: 0x00000101,
            Byte: 0x00000247,
            Float: 0x00000210,
            Sum: 0x00000021,
            Min: 0x00000022,
            Max: 0x00000023,
            InPlace: 1,
            NullInfo: 0x00000130,
            ErrorsReturn: 0x00000142,
            IgnoredStatus: 0,
            SharedMemory: 221,
            AnySource: -1,
            AnyTag: -2,
            ErrorTextLength: 512,
            CudaSupport: 0),
        MpiBinaryInterface.Standard);

    [Theory]
    [InlineData(true, "libmpi.so.40")]
    [InlineData(false, "libmpich.so.12")]
    public void All_libraries_are_searched_the_launchers_first(bool prefersOpenMpi, string first)
    {
        IReadOnlyList<string> names = MpiBinaryInterface.Libraries(prefersOpenMpi);
        Assert.Equal(first, names[0]);
        Assert.Superset(new HashSet<string> { "libmpich.so.12", "libmpi.so.40", "libmpi_abi.so.1" }, names.ToHashSet());
    }
}
