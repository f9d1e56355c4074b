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
}
