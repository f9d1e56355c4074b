using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Cluster;
using Daso.Communication;
using Daso.Recording;

namespace Daso.Preflight;

/// <summary>What a preflight found: the file preflight.json.</summary>
/// <param name="Format">The version of the file's layout.</param>
/// <param name="MeasuredUtc">When it began.</param>
/// <param name="Nodes">N.</param>
/// <param name="RanksPerNode">G.</param>
/// <param name="Cluster">How ranks run and communicate.</param>
/// <param name="Link">The emulated link of each node; null: a real one, or none.</param>
/// <param name="Measurements">By group, operation and size.</param>
/// <param name="LeftOut">Sizes for which there was no time.</param>
internal sealed record PreflightReport(
    int Format,
    DateTimeOffset MeasuredUtc,
    int Nodes,
    int RanksPerNode,
    string Cluster,
    RecordedLink? Link,
    IReadOnlyList<Measurement> Measurements,
    IReadOnlyList<LeftOut> LeftOut)
{
    /// <summary>The largest buffer unless the user names another: 256 MiB.</summary>
    internal const long DefaultMaximumBytes = 256 << 20;

    /// <summary>Each node's host; null: nodes are emulated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>Bits a second that a node's link can carry in one direction; null: not known.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LinkPeakBitsPerSecond { get; init; }

    /// <summary>Measures a cluster. Collective.</summary>
    /// <param name="cluster">What.</param>
    /// <param name="link">Its emulated link, if it has one.</param>
    /// <param name="maximumBytes">The largest buffer.</param>
    /// <param name="budget">About how long.</param>
    /// <param name="cancelled">Ends it.</param>
    /// <returns>Null in processes without rank 0.</returns>
    /// <exception cref="ClusterFailedException">A rank failed.</exception>
    internal static PreflightReport? Measure(
        ICluster cluster, LinkSpec? link, long maximumBytes, TimeSpan budget, CancellationToken cancelled)
    {
        PreflightReport? report = null;
        DateTimeOffset start = DateTimeOffset.UtcNow;
        cluster.Run(
            ranks =>
            {
                (IReadOnlyList<Measurement> measurements, IReadOnlyList<LeftOut> leftOut) = Sweep.Run(ranks, maximumBytes, budget);
                if (ranks.Rank != 0)
                    return;
                report = new PreflightReport(
                    1,
                    start,
                    cluster.Topology.Nodes,
                    cluster.Topology.RanksPerNode,
                    cluster.Description,
                    link is null ? null : new RecordedLink(link.BitsPerSecond, link.LatencyNs),
                    measurements,
                    leftOut)
                {
                    Hosts = cluster.Hosts,
                    LinkPeakBitsPerSecond = link?.BitsPerSecond ?? (cluster.HasRealLinks ? LinkPeak.OfThisNode() : null),
                };
            },
            cancelled);
        return report;
    }

    /// <summary>Fails where a result was wrong.</summary>
    /// <exception cref="UserErrorException">An operation gave wrong values.</exception>
    internal void RequireCorrect()
    {
        if (Measurements.FirstOrDefault(one => !one.IsCorrect) is Measurement wrong)
        {
            throw new UserErrorException(
                FormattableString.Invariant(
                    $"preflight: {wrong.Collective} ({wrong.Implementation}) of {wrong.Bytes} bytes on {wrong.Group} gave wrong values"),
                ExitCode.RunFailed);
        }
    }

    /// <summary>Writes the file.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    internal void Write(string path) => AtomicFile.Write(
        path, partial => File.WriteAllBytes(partial, JsonSerializer.SerializeToUtf8Bytes(this, PreflightJson.Readable.PreflightReport)));

    /// <summary>Reads a file.</summary>
    /// <exception cref="UserErrorException">It cannot be read, or is no preflight.</exception>
    internal static PreflightReport Read(string path)
    {
        const string What = "a file that preflight --out or suite --preflight wrote";
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), PreflightJson.Readable.PreflightReport)
                ?? throw new JsonException("null");
        }
        catch (JsonException damage)
        {
            throw new UserErrorException($"{path}: not a preflight ({FileFailure.Reason(damage)}); name {What}");
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw JsonFile.Unreadable(path, failure, What);
        }
    }
}

/// <summary>Serialises reports without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PreflightReport))]
internal sealed partial class PreflightJson : JsonSerializerContext
{
    private static PreflightJson? s_readable;

    /// <summary>With µ and × as they are. Made late: it builds on a static of the generated part.</summary>
    internal static PreflightJson Readable => s_readable ??= new(new JsonSerializerOptions(Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
