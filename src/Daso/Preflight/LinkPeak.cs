using System.Globalization;

namespace Daso.Preflight;

/// <summary>What this node's cards for its network can carry, as Linux says it.</summary>
internal static class LinkPeak
{
    private const string System = "/sys/class";

    /// <summary>
    /// Bits a second in one direction of the fastest port: of the RDMA cards if there are any (rate: "100 Gb/sec (4X EDR)"), else of the
    /// Ethernet cards (speed, Mbit/s). Which of them MPI takes is not known here.
    /// </summary>
    /// <param name="root">Where Linux shows its devices.</param>
    /// <returns>Null: none says.</returns>
    internal static double? OfThisNode(string root = System)
    {
        double? rdma = Fastest(Path.Combine(root, "infiniband"), "ports/*/rate", 1e9);
        return rdma ?? Fastest(Path.Combine(root, "net"), "speed", 1e6);
    }

    private static double? Fastest(string devices, string file, double unit)
    {
        if (!Directory.Exists(devices))
            return null;
        double fastest = Directory.EnumerateDirectories(devices).SelectMany(device => Files(device, file)).Select(Number).DefaultIfEmpty(0).Max();
        return fastest > 0 ? fastest * unit : null;
    }

    private static IEnumerable<string> Files(string device, string file)
    {
        string[] parts = file.Split("/*/");
        if (parts.Length == 1)
            return [Path.Combine(device, file)];
        string ports = Path.Combine(device, parts[0]);
        return Directory.Exists(ports) ? Directory.EnumerateDirectories(ports).Select(port => Path.Combine(port, parts[1])) : [];
    }

    /// <summary>The number at a file's beginning; 0 where there is none: a card that is down cannot be read, a virtual one says -1.</summary>
    private static double Number(string file)
    {
        try
        {
            string first = File.ReadAllText(file).Split((char[])[' ', '\n'])[0];
            return double.TryParse(first, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : 0;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }
}
