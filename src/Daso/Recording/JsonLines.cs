using System.Text.Json;

namespace Daso.Recording;

/// <summary>Reads files of JSON objects, one a line.</summary>
internal static class JsonLines
{
    /// <summary>The objects in order; lines that a kill has cut off are left out, and a file that was never made has none.</summary>
    /// <exception cref="UserErrorException">The file cannot be read.</exception>
    public static IEnumerable<JsonElement> Read(string path)
    {
        foreach (string line in LinesOf(path))
        {
            if (TryParse(line) is JsonElement element)
                yield return element;
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
