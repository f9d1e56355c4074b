using System.Globalization;

namespace Daso.Specification;

/// <summary>What generated checks throw.</summary>
public static class SettingError
{
    /// <summary>A setting out of its range.</summary>
    /// <param name="specification">The record's name.</param>
    /// <param name="setting">The property's name.</param>
    /// <param name="value">Its value.</param>
    /// <param name="range">What it must be, as "at least 1".</param>
    /// <param name="meaning">What the setting is: its doc comment; empty: it has none.</param>
    public static UserErrorException OutOfRange(string specification, string setting, object value, string range, string meaning) => new(
        string.Create(CultureInfo.InvariantCulture, $"{specification}: {setting} is {value}; it must be {range}")
        + (meaning.Length == 0 ? "" : $" ({meaning.TrimEnd('.')})"));
}
