namespace Daso.Recording;

/// <summary>The version of a run's files, in its manifest and in every Parquet file.</summary>
/// <remarks>
/// 1: spans do not say which operation they were about. 2: they do, in the columns <c>group</c> and <c>operation</c>, and after a span's
/// bytes in the log of steps. Older versions are read.
/// </remarks>
internal static class RecordFormat
{
    /// <summary>What this program writes.</summary>
    public const int Current = 2;

    /// <summary>The first version whose spans say their operation.</summary>
    public const int WithOperations = 2;

    /// <summary>In the columns of an operation: none in particular.</summary>
    public const long NoOperation = -1;

    /// <summary>The key in a Parquet file's metadata; files of version 1 have none.</summary>
    public const string Key = "daso_format";

    /// <exception cref="UserErrorException">The file is of a later version.</exception>
    public static void RequireReadable(string path, int version)
    {
        if (version is < 1 or > Current)
            throw new UserErrorException($"{path}: of format {version}; this program reads 1 to {Current}: read it with the program that wrote it");
    }
}
