using System.Runtime.InteropServices;
using System.Text;

namespace Daso.CommandLine;

/// <summary>
/// Standard output and error of this process, which who starts it may have closed (<c>&gt;&amp;-</c>). The runtime's own files then take
/// their numbers, so that it is the way in which they are open that tells.
/// </summary>
internal static partial class StandardStreams
{
    private const int OutputNumber = 1;
    private const int ErrorNumber = 2;
    private const int GetFlags = 3; // F_GETFL
    private const int AccessMode = 3; // O_ACCMODE
    private const int ReadOnly = 0; // O_RDONLY

    /// <summary>Makes writing to standard error never a failure of its own: nobody could be told, and a run goes on without its reader.</summary>
    internal static void GuardError() =>
        Console.SetError(IsWritable(ErrorNumber) && !IsRuntimesPipe() ? new ForgivingWriter(Console.Error) : TextWriter.Null);

    /// <summary>What is wrong with standard output, to which results go; null: nothing.</summary>
    internal static string? OutputMistake() => IsWritable(OutputNumber)
        ? null
        : "standard output is closed, and results would be lost; give it a file, or /dev/null";

    private static bool IsWritable(int number) =>
        !OperatingSystem.IsLinux() || FileControl(number, GetFlags) is int flags and >= 0 && (flags & AccessMode) != ReadOnly;

    /// <summary>Where both were closed, one of the runtime's own pipes has both numbers.</summary>
    private static bool IsRuntimesPipe() =>
        !IsWritable(OutputNumber) && Target(OutputNumber) is { } pipe && pipe == Target(ErrorNumber);

    private static string? Target(int number) => new FileInfo($"/proc/self/fd/{number}").LinkTarget;

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    private static partial int FileControl(int number, int command);

    /// <summary>Writes what can be written.</summary>
    private sealed class ForgivingWriter(TextWriter next) : TextWriter
    {
        public override Encoding Encoding => next.Encoding;

        public override void Write(char value) => Try(() => next.Write(value));

        public override void Write(char[] buffer, int index, int count) => Try(() => next.Write(buffer, index, count));

        public override void Write(string? value) => Try(() => next.Write(value));

        public override void WriteLine(string? value) => Try(() => next.WriteLine(value));

        public override void Flush() => Try(next.Flush);

        private static void Try(Action write)
        {
            try
            {
                write();
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // A full disk, a terminal that has gone.
            }
        }
    }
}
