using System.Globalization;

namespace Daso.Analysis;

/// <summary>Writes measured quantities for people: three digits that count, a unit of fitting size, invariant culture.</summary>
internal static class Quantity
{
    /// <summary>What stands for a number that is missing.</summary>
    public const string Missing = "–";

    // Minutes from ten on, hours from two on: shorter times are easier to compare in the smaller unit.
    private static readonly (double From, double Size, string Name)[] s_durations =
        [(7200e9, 3600e9, "h"), (600e9, 60e9, "min"), (1e9, 1e9, "s"), (1e6, 1e6, "ms"), (1e3, 1e3, "µs"), (0, 1, "ns")];

    private static readonly (double Size, string Name)[] s_prefixes =
        [(1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (0, "")];

    /// <summary>For example 41.2 ms.</summary>
    public static string Duration(double ns) => Durations(ns, "", null);

    /// <summary>Two durations in the unit of the first: 41.2 ± 0.3 ms.</summary>
    public static string Durations(double ns, string between, double? otherNs)
    {
        if (!double.IsFinite(ns))
            return Missing;
        (_, double size, string unit) = s_durations.First(unit => ns >= unit.From);
        int decimals = Decimals(ns / size);
        string other = otherNs is double value ? between + Fixed(value / size, decimals) : "";
        return $"{Fixed(ns / size, decimals)}{other} {unit}";
    }

    /// <summary>Bytes in powers of 1000: 1.31 MB.</summary>
    public static string Bytes(double bytes)
    {
        if (!double.IsFinite(bytes))
            return Missing;
        (double size, string prefix) = s_prefixes.First(prefix => bytes >= prefix.Size);
        double scaled = bytes / Math.Max(1, size);
        return $"{Fixed(scaled, size == 0 ? 0 : Decimals(scaled))} {prefix}B";
    }

    /// <summary>For example 1 Gbit/s.</summary>
    public static string BitRate(double bitsPerSecond)
    {
        (double size, string prefix) = s_prefixes.First(prefix => bitsPerSecond >= prefix.Size);
        return string.Create(CultureInfo.InvariantCulture, $"{bitsPerSecond / Math.Max(1, size):0.###} {prefix}bit/s");
    }

    /// <summary>The same of a rate that was measured: 98.1 Mbit/s.</summary>
    public static string MeasuredBitRate(double bitsPerSecond)
    {
        (double size, string prefix) = s_prefixes.First(prefix => bitsPerSecond >= prefix.Size);
        double scaled = bitsPerSecond / Math.Max(1, size);
        return $"{Fixed(scaled, Decimals(scaled))} {prefix}bit/s";
    }

    /// <summary>A large count: 1,553 or 9.87.</summary>
    public static string Count(double value) =>
        double.IsFinite(value) ? value.ToString("N" + Decimals(value), CultureInfo.InvariantCulture) : Missing;

    /// <summary>With a fixed number of decimals; a number of more than nine digits, as the loss of a diverged training, as 1.23e+28.</summary>
    public static string Fixed(double value, int decimals) => double.IsFinite(value)
        ? value.ToString(Math.Abs(value) < 1e9 ? "F" + decimals : "0.##e+0", CultureInfo.InvariantCulture)
        : Missing;

    /// <summary>A share of 1 as 12.3 %.</summary>
    public static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %");

    // As rounded: 9.996 is 10.0.
    private static int Decimals(double value) => value switch { >= 99.95 => 0, >= 9.995 => 1, _ => 2 };
}
