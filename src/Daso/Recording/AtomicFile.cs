namespace Daso.Recording;

/// <summary>Writes whole files: under a temporary name, then moved, so that a reader never sees a part.</summary>
internal static class AtomicFile
{
    /// <param name="path">The file; replaced if it exists.</param>
    /// <param name="write">Writes the file whose path it is given.</param>
    /// <param name="option">The option that another place can be named with.</param>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    public static void Write(string path, Action<string> write, string option = "--out")
    {
        string temporary = TemporaryOf(path);
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            if (File.Exists(temporary))
                File.Delete(temporary);
            throw FileFailure.Writing(path, failure, option);
        }
    }

    /// <summary>The name that a file has until it is complete.</summary>
    public static string TemporaryOf(string path) => path + ".partial";
}
