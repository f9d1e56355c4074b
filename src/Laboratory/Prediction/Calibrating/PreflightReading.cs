using System.Text.Json;
using Daso.Recording;

namespace Daso.Prediction.Calibrating;

/// <summary>Takes a link's latency and bandwidth from a run's preflight.json.</summary>
internal static class PreflightReading
{
    private const string FileName = "preflight.json";
    private const string World = "world";
    private const string Global = "global";

    // What buffers on the way let through at once is small beside it: a token bucket, a switch.
    private const double LargeBytes = 256 * 1024;

    /// <summary>
    /// The link between nodes by the all-reduces of the world and the global groups: a line of time over the bytes that cross a node's
    /// link. It passes through the smallest size, which tells the latency of the rounds; its slope makes the relative errors of the large
    /// sizes least, which tell the bandwidth.
    /// </summary>
    /// <param name="run">The run's folder.</param>
    /// <param name="system">Whose shape.</param>
    /// <param name="algorithm">The all-reduce.</param>
    /// <returns>Null: the run has no such file, or not two sizes in it.</returns>
    /// <exception cref="UserErrorException">The file is damaged.</exception>
    internal static LinkModel? Link(string run, SystemSpec system, CollectiveAlgorithm algorithm)
    {
        string path = Path.Combine(run, FileName);
        if (!File.Exists(path))
            return null;
        // The all-reduce is linear in the link's latency and in its bytes: what a unit of each makes of it.
        SystemSpec ideal = system with { IntraNode = new LinkModel(0, 1e30), OverheadNs = 0, ReduceNsPerByte = 0 };
        (double Crossing, double Ns)[] points = [.. Points(path).Select(point => (point.Bytes * Crossings(point.Group), point.Ns))];
        if (points.Select(point => point.Crossing).Distinct().Count() < 2)
            return null;

        (double heightNs, double nsPerByte) = Line(points, LargeBytes);
        double rounds = AllReduce(GroupShape.World(system), new LinkModel(1, 1e30)).LatencyNs;
        return new LinkModel(Math.Max(0, heightNs) / Math.Max(1, rounds), 1 / nsPerByte * 1e9);

        double Crossings(string group) => group == World
            ? AllReduce(GroupShape.World(system), new LinkModel(0, 1e9)).InterNs
            : AllReduce(GroupShape.Global(system), new LinkModel(0, 1e9)).InterNs * system.RanksPerNode;

        CollectiveTime AllReduce(GroupShape group, LinkModel link) =>
            CollectiveCost.AllReduce(algorithm, 1.0, group, ideal with { InterNode = link });
    }

    /// <summary>Through the point with the smallest x; least squares of (a + b·x − y)/y over those with a large x, or the largest.</summary>
    private static (double Height, double Slope) Line(IReadOnlyList<(double X, double Y)> points, double large)
    {
        (double x0, double y0) = points.MinBy(point => point.X);
        double reach = Math.Min(large, points.Max(point => point.X));
        (double X, double Y)[] far = [.. points.Where(point => point.X >= reach && point.X > x0)];
        double slope = far.Sum(p => (p.X - x0) * (p.Y - y0) / (p.Y * p.Y)) / far.Sum(p => (p.X - x0) * (p.X - x0) / (p.Y * p.Y));
        return (y0 - (slope * x0), slope);
    }

    private static IEnumerable<(string Group, double Bytes, double Ns)> Points(string path)
    {
        JsonElement json = JsonFile.Read(path, "what preflight wrote");
        try
        {
            return [.. json.GetProperty("measurements").EnumerateArray()
                .Where(one => one.GetProperty("group").GetString() is World or Global
                    && one.GetProperty("collective").GetString() == "all-reduce"
                    && one.GetProperty("implementation").GetString() != "library")
                .Select(one => (
                    one.GetProperty("group").GetString()!,
                    one.GetProperty("bytes").GetDouble(),
                    one.GetProperty("medianNs").GetDouble()))];
        }
        catch (Exception foreign) when (foreign is KeyNotFoundException or InvalidOperationException)
        {
            throw new UserErrorException($"{path}: not what preflight wrote; remove it, or give --link");
        }
    }
}
