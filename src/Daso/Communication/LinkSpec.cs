using System.Globalization;
using Daso.SharedRules;
using Daso.Specification;

namespace Daso.Communication;

/// <summary>The emulated link of a node: all ranks of the node share it, each direction has the full bandwidth.</summary>
/// <param name="BitsPerSecond">Bandwidth of one direction.</param>
/// <param name="LatencyNs">One message's latency from node to node.</param>
[Specification]
public sealed partial record LinkSpec([Above(0)] double BitsPerSecond, [AtLeast(0)] long LatencyNs)
{
    /// <summary>Reads "1gbit,50us": a rate in kbit, mbit or gbit (per second) and, after a comma, a latency in ns, us or ms (0 if absent).</summary>
    /// <exception cref="UserErrorException">Not of that form.</exception>
    public static LinkSpec Parse(string text) => LinkText.Parse(text) is var (bitsPerSecond, latencyNs)
        ? new LinkSpec(bitsPerSecond, latencyNs)
        : throw new UserErrorException($"--link {text}: {CommonRules.LinkForm.Say(text)}");

    /// <summary>Nanoseconds that a number of bytes takes on the link.</summary>
    public long TransferNs(long bytes) => (long)Math.Ceiling(bytes * 8 * 1e9 / BitsPerSecond);

    /// <inheritdoc />
    public override string ToString()
    {
        string latency = LatencyNs == 0 ? "0us" : Scaled(LatencyNs, LinkText.Times);
        return $"{Scaled(BitsPerSecond, LinkText.Rates)}/s, {latency}";
    }

    private static string Scaled(double value, (string Suffix, double Size)[] units)
    {
        (string suffix, double size) = units.Where(unit => value >= unit.Size).DefaultIfEmpty(units[^1]).MaxBy(unit => unit.Size);
        return string.Create(CultureInfo.InvariantCulture, $"{value / size:0.###}{suffix}");
    }
}
