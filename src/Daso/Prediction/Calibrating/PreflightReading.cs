using System.Text.Json;
using Daso.Recording;

namespace Daso.Prediction.Calibrating;

/// <summary>Takes a link's latency and bandwidth from a run's preflight.json.</summary>
internal static class PreflightReading
{
    private const string FileName = "preflight.json";

    /// <summary>
    /// The link between nodes by the all-reduces of the world group: a line through time over bytes, weighted so that relative errors
    /// count; its slope is the bytes that a node sends for one of the buffer, over the bandwidth, its height the latency of the rounds.
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
        (double Bytes, double Ns)[] points = [.. Points(path)];
        if (points.Select(point => point.Bytes).Distinct().Count() < 2)
            return null;

        (double heightNs, double nsPerByte) = Line(points);
        // The all-reduce is linear in the link's latency and in its bytes: what a unit of each makes of it.
        SystemSpec ideal = system with { IntraNode = new LinkModel(0, 1e30), OverheadNs = 0, ReduceNsPerByte = 0 };
        double rounds = Of(ideal with { InterNode = new LinkModel(1, 1e30) }).LatencyNs;
        double crossings = Of(ideal with { InterNode = new LinkModel(0, 1e9) }).InterNs;
        return new LinkModel(Math.Max(0, heightNs) / Math.Max(1, rounds), crossings * 1e9 / nsPerByte);

        CollectiveTime Of(SystemSpec unit) => CollectiveCost.AllReduce(algorithm, 1.0, GroupShape.World(system), unit);
    }

    /// <summary>Least squares of (a + b·x − y)/y.</summary>
    internal static (double Height, double Slope) Line(IReadOnlyList<(double X, double Y)> points)
    {
        double w = points.Sum(p => 1 / (p.Y * p.Y));
        double x = points.Sum(p => p.X / (p.Y * p.Y)) / w;
        double y = points.Sum(p => 1 / p.Y) / w;
        double slope = points.Sum(p => (p.X - x) * (p.Y - y) / (p.Y * p.Y)) / points.Sum(p => (p.X - x) * (p.X - x) / (p.Y * p.Y));
        return (y - (slope * x), slope);
    }

    private static IEnumerable<(double Bytes, double Ns)> Points(string path)
    {
        JsonElement json = JsonFile.Read(path, "what preflight wrote");
        try
        {
            return [.. json.GetProperty("measurements").EnumerateArray()
                .Where(one => one.GetProperty("group").GetString() == "world"
                    && one.GetProperty("collective").GetString() == "all-reduce"
                    && one.GetProperty("implementation").GetString() != "library")
                .Select(one => (one.GetProperty("bytes").GetDouble(), one.GetProperty("medianNs").GetDouble()))];
        }
        catch (Exception foreign) when (foreign is KeyNotFoundException or InvalidOperationException)
        {
            throw new UserErrorException($"{path}: not what preflight wrote; remove it, or give --link");
        }
    }
}
