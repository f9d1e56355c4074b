using System.Globalization;
using Daso.Specification;

namespace Daso.Communication;

/// <summary>The emulated link of a node: all ranks of the node share it, each direction has the full bandwidth.</summary>
/// <param name="BitsPerSecond">Bandwidth of one direction.</param>
/// <param name="LatencyNs">One message's latency from node to node.</param>
public sealed record LinkSpec(double BitsPerSecond, long LatencyNs) : ISpecification
{
    private static readonly (string Suffix, double Factor)[] s_rates = [("gbit", 1e9), ("mbit", 1e6), ("kbit", 1e3)];
    private static readonly (string Suffix, double Factor)[] s_times = [("us", 1e3), ("ms", 1e6), ("ns", 1)];

    /// <summary>Reads "1gbit,50us": a rate in kbit, mbit or gbit (per second) and, after a comma, a latency in ns, us or ms (0 if absent).</summary>
    /// <exception cref="UserErrorException">Not of that form.</exception>
    public static LinkSpec Parse(string text)
    {
        string[] fields = text.Split(',', StringSplitOptions.TrimEntries);
        if (fields.Length <= 2 && Quantity(fields[0], s_rates) is double rate && rate > 0)
        {
            if (fields.Length == 1)
                return new LinkSpec(rate, 0);
            if (Quantity(fields[1], s_times) is double latency and >= 0 and <= 60e9)
                return new LinkSpec(rate, (long)latency);
        }

        throw new UserErrorException($"--link {text}: expected a rate and a latency, for example 1gbit,50us or 200mbit,1ms");
    }

    /// <summary>Nanoseconds that a number of bytes takes on the link.</summary>
    public long TransferNs(long bytes) => (long)Math.Ceiling(bytes * 8 * 1e9 / BitsPerSecond);

    /// <inheritdoc />
    public void Describe(SpecificationWriter writer) =>
        writer.Add("bitsPerSecond", BitsPerSecond).Add("latencyNs", LatencyNs);

    /// <inheritdoc />
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Scaled(BitsPerSecond, s_rates)}/s, {(LatencyNs == 0 ? "0us" : Scaled(LatencyNs, s_times))}");

    private static double? Quantity(string text, (string Suffix, double Factor)[] units)
    {
        foreach ((string suffix, double factor) in units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text[..^suffix.Length], NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
                && double.IsFinite(value))
            {
                return value * factor;
            }
        }

        return null;
    }

    private static string Scaled(double value, (string Suffix, double Factor)[] units)
    {
        (string suffix, double factor) = units.Where(unit => value >= unit.Factor).DefaultIfEmpty(units[^1]).MaxBy(unit => unit.Factor);
        return string.Create(CultureInfo.InvariantCulture, $"{value / factor:0.###}{suffix}");
    }
}
