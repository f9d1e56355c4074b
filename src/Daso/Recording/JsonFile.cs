using System.Text.Json;

namespace Daso.Recording;

/// <summary>Reads JSON files that a user names.</summary>
internal static class JsonFile
{
    /// <param name="path">The file.</param>
    /// <param name="what">What it should be, for the error: "a scenario".</param>
    /// <exception cref="UserErrorException">It cannot be read, or is no JSON.</exception>
    public static JsonElement Read(string path, string what)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            using JsonDocument json = JsonDocument.Parse(file);
            return json.RootElement.Clone();
        }
        catch (JsonException damage)
        {
            throw new UserErrorException($"{path}: not JSON ({FileFailure.Reason(damage)}); name {what}");
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw Unreadable(path, failure, what);
        }
    }

    /// <summary>The error of a file that a user named and that cannot be read.</summary>
    public static UserErrorException Unreadable(string path, Exception failure, string what) => new(
        failure is FileNotFoundException or DirectoryNotFoundException
            ? $"{path}: no such file; name {what}"
            : $"{path}: cannot be read ({FileFailure.Reason(failure)}); name {what}");

    /// <summary>The number that an element is, or null if it is none, or none that a float32 can hold.</summary>
    public static double? FiniteNumber(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetDouble(out double number) && float.IsFinite((float)number)
            ? number
            : null;
}
