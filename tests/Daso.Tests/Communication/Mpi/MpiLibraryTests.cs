using Daso.Communication.Mpi;

namespace Daso.Tests.Communication.Mpi;

public class MpiLibraryTests
{
    [Theory]
    [InlineData("no-such-library.so", "does not load")]
    [InlineData("libc.so.6", "not an MPI library")]
    public void Another_file_is_refused_in_one_line(string file, string message)
    {
        UserErrorException mistake = Assert.Throws<UserErrorException>(() => MpiLibrary.Load(file));
        Assert.Equal(ExitCode.Environment, mistake.ExitCode);
        Assert.Contains($"--mpi-library {file}: {message}", mistake.Message);
    }

    /// <summary>UCX patches libc's code under running threads unless it is told not to: starts of many processes died of it.</summary>
    [Fact]
    public void UCX_is_told_to_patch_no_code()
    {
        Assert.Throws<UserErrorException>(() => MpiLibrary.Load("no-such-library.so"));
        Assert.NotNull(Environment.GetEnvironmentVariable("UCX_MEM_MMAP_HOOK_MODE"));
        Assert.NotEqual("bistro", Environment.GetEnvironmentVariable("UCX_MEM_MMAP_HOOK_MODE"));
    }
}
