using System.Runtime.InteropServices;
using Daso.Training;

namespace Daso.Tests.Training;

public sealed class AllocatorTests
{
    [Fact]
    public void Says_what_it_did_and_does_it_once()
    {
        string said = Allocator.Configure();

        Assert.Same(said, Allocator.Configure());
        Assert.Equal(IsGlibc() ? "glibc" : "system", said.Split(' ')[0]);
        Assert.DoesNotContain("refused", said, StringComparison.Ordinal);
    }

    private static bool IsGlibc() =>
        OperatingSystem.IsLinux() && NativeLibrary.TryLoad("libc.so.6", out nint libc) && NativeLibrary.TryGetExport(libc, "gnu_get_libc_version", out _);
}
