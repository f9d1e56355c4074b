using System.Runtime.InteropServices;

namespace Daso.Training;

/// <summary>
/// Settings of glibc's malloc. By default it gives large blocks back to the system when they are freed, and every step of training
/// pays the page faults again, more than for its arithmetic. Elsewhere (musl, Windows, macOS) nothing is done.
/// </summary>
internal static unsafe class Allocator
{
    private const int TrimThreshold = -1;
    private const int TopPad = -2;
    private const int MmapThreshold = -3;
    private const int ArenaMax = -8;
    private const int MiB = 1 << 20;

    private static readonly (int Parameter, int Value)[] Settings =
    [
        (MmapThreshold, 32 * MiB), // the largest that glibc accepts
        (TrimThreshold, 1024 * MiB),
        (TopPad, 64 * MiB),
        (ArenaMax, 1), // ranks are threads: memory that one freed serves all
    ];

    private static readonly Lazy<string> Outcome = new(Apply);

    /// <summary>Applies the settings to the process; call it before the first tensor. Later calls change nothing.</summary>
    /// <returns>What was done, for a run's manifest.</returns>
    public static string Configure() => Outcome.Value;

    private static string Apply()
    {
        const string Untouched = "system default";
        if (!OperatingSystem.IsLinux() || !NativeLibrary.TryLoad("libc.so.6", out nint libc))
            return Untouched;
        if (!NativeLibrary.TryGetExport(libc, "gnu_get_libc_version", out nint version)
            || !NativeLibrary.TryGetExport(libc, "mallopt", out nint mallopt))
            return Untouched;

        foreach ((int parameter, int value) in Settings)
        {
            if (((delegate* unmanaged<int, int, int>)mallopt)(parameter, value) == 0)
                return $"glibc refused mallopt({parameter}, {value})";
        }

        string? number = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint>)version)());
        return $"glibc {number}: mmap threshold 32 MiB, trim threshold 1 GiB, top pad 64 MiB, 1 arena";
    }
}
