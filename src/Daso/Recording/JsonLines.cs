using System.Text.Json;

namespace Daso.Recording;

/// <summary>Reads files of JSON objects, one a line.</summary>
internal static class JsonLines
{
    /// <summary>Hands out the objects in order; lines that a kill has cut off are left out, and a file that was never made has none.</summary>
    /// <param name="path">The file.</param>
    /// <param name="take">Takes an object; it may count on all that the file's writer writes.</param>
    /// <exception cref="UserErrorException">The file cannot be read, or holds an object that its writer did not write.</exception>
    public static void Read(string path, Action<JsonElement> take)
    {
        string[] lines = LinesOf(path);
        for (int i = 0; i < lines.Length; i++)
        {
            if (TryParse(lines[i]) is not JsonElement element)
                continue;
            try
            {
                take(element);
            }
            catch (Exception foreign) when (
                foreign is KeyNotFoundException or InvalidOperationException or FormatException or ArgumentException or IndexOutOfRangeException)
            {
                throw new UserErrorException($"{path}, line {i + 1}: no line that a run writes; restore the file");
            }
        }
    }

    private static string[] LinesOf(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllLines(path) : [];
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw new UserErrorException($"cannot read {path}: {FileFailure.Reason(failure)}", ExitCode.Environment);
        }
    }

    private static JsonElement? TryParse(string line)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
