using ParquetSharp;

namespace Daso.Recording;

/// <summary>Turns what goes wrong while records are written into a message for the user.</summary>
internal static class WriteFailure
{
    public static bool Is(Exception failure) =>
        failure is IOException or UnauthorizedAccessException or ParquetException;

    public static UserErrorException Of(string path, Exception failure) =>
        new($"cannot write {path}: {OneLine(failure.Message)}; mend that or choose another folder with --out", ExitCode.Environment);

    private static string OneLine(string message) => message.ReplaceLineEndings(" ").TrimEnd(' ', '.');
}
