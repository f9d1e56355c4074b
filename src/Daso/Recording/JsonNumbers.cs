using System.Globalization;
using System.Text.Json;

namespace Daso.Recording;

/// <summary>Numbers that JSON has no form for.</summary>
internal static class JsonNumbers
{
    /// <summary>Writes a number, or "NaN", "Infinity", "-Infinity" as text.</summary>
    public static void WriteMeasured(this Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteString(name, double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
    }

    /// <summary>Reads what <see cref="WriteMeasured"/> wrote.</summary>
    public static double GetMeasured(this JsonElement json) => json.ValueKind == JsonValueKind.Number
        ? json.GetDouble()
        : double.Parse(json.GetString()!, CultureInfo.InvariantCulture);
}
