using ParquetSharp;

namespace Daso.Recording;

/// <summary>Turns what goes wrong with a run's files into messages for the user.</summary>
internal static class FileFailure
{
    /// <summary>Whether the file system, not this program, is to blame.</summary>
    public static bool Is(Exception failure) => failure is IOException or UnauthorizedAccessException or ParquetException;

    /// <summary>The error of a file that cannot be written.</summary>
    /// <param name="path">The file.</param>
    /// <param name="failure">What went wrong.</param>
    /// <param name="option">The option that another place can be named with.</param>
    public static UserErrorException Writing(string path, Exception failure, string option = "--out") =>
        new($"cannot write {path}: {Reason(failure)}; mend that or choose another place with {option}", ExitCode.Environment);

    /// <summary>The failure in one line, without the wrapping that libraries put around it.</summary>
    public static string Reason(Exception failure)
    {
        // ParquetSharp: C++ type (message: 'reason'); .NET: reason : 'path', the path being in our own text already.
        string text = failure.Message.Split("(message: '")[^1].Split(" : '")[0];
        return text.ReplaceLineEndings(" ").TrimEnd(' ', '.', ')', '\'');
    }
}
