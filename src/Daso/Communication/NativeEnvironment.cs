using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>Environment variables that native libraries read when they load; the runtime's own copy is not seen by them.</summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable, here and for child processes, unless the user has.</summary>
    internal static void SetDefault(string name, string value)
    {
        if (Environment.GetEnvironmentVariable(name) is not null)
            return;
        Environment.SetEnvironmentVariable(name, value);
        if (OperatingSystem.IsLinux())
            _ = SetVariable(name, value, 0);
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetVariable(string name, string value, int overwrite);
}
