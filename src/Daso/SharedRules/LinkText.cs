using System.Globalization;

namespace Daso.SharedRules;

/// <summary>
/// The form of a link: "1gbit,50us", a rate and, after a comma, a latency, which is 0 if it is left out; also as tables print it,
/// "1 Gbit/s, 50 µs".
/// </summary>
internal static class LinkText
{
    private const double LongestLatencyNs = 60e9;

    /// <summary>Suffixes of rates and their sizes in bits a second.</summary>
    public static readonly (string Suffix, double Size)[] Rates = [("gbit", 1e9), ("mbit", 1e6), ("kbit", 1e3)];

    /// <summary>Suffixes of latencies and their sizes in nanoseconds.</summary>
    public static readonly (string Suffix, double Size)[] Times = [("us", 1e3), ("ms", 1e6), ("ns", 1)];

    /// <summary>Bits a second above 0 and nanoseconds up to a minute; null if the text is not of that form.</summary>
    public static (double BitsPerSecond, long LatencyNs)? Parse(string text)
    {
        string[] fields = text.Split(',');
        if (fields.Length > 2 || Quantity(WithoutPerSecond(fields[0]), Rates) is not double rate || rate <= 0)
            return null;
        if (fields.Length == 1)
            return (rate, 0);
        return Quantity(WithPlainMicro(fields[1]), Times) is double latency and >= 0 and <= LongestLatencyNs ? (rate, (long)Math.Round(latency)) : null;
    }

    private static string WithoutPerSecond(string rate)
    {
        const string PerSecond = "/s";
        string text = rate.TrimEnd();
        return text.EndsWith(PerSecond, StringComparison.OrdinalIgnoreCase) ? text.Substring(0, text.Length - PerSecond.Length) : text;
    }

    /// <summary>µ as u: the micro sign of keyboards and the Greek letter that Unicode prefers.</summary>
    private static string WithPlainMicro(string time) => time.Replace('\u00b5', 'u').Replace('\u03bc', 'u');

    private static double? Quantity(string field, (string Suffix, double Size)[] units)
    {
        string text = field.Trim();
        foreach ((string suffix, double size) in units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(
                    text.Substring(0, text.Length - suffix.Length), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && !double.IsNaN(value)
                && !double.IsInfinity(value))
            {
                return value * size;
            }
        }

        return null;
    }
}
