using System.Text.Json;
using Daso.Recording;

namespace Daso.Tracing;

/// <summary>Numbers of a scenario.</summary>
internal static class NumberList
{
    /// <summary>As many numbers as wanted: one for all of them, or a list of so many; null: neither.</summary>
    internal static float[]? Of(JsonElement json, int length)
    {
        if (JsonFile.FiniteNumber(json) is double single)
            return [.. Enumerable.Repeat((float)single, length)];
        if (json.ValueKind != JsonValueKind.Array || json.GetArrayLength() != length)
            return null;
        double?[] numbers = [.. json.EnumerateArray().Select(JsonFile.FiniteNumber)];
        return numbers.All(number => number is not null) ? [.. numbers.Select(number => (float)number!.Value)] : null;
    }
}
