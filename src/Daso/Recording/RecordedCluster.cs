using System.Text.Json.Serialization;

namespace Daso.Recording;

/// <summary>The cluster that a run used.</summary>
/// <param name="Nodes">N.</param>
/// <param name="RanksPerNode">G.</param>
/// <param name="Device">cpu or cuda.</param>
internal sealed record RecordedCluster(int Nodes, int RanksPerNode, string Device)
{
    /// <summary>Whether nodes are joined by real links, under MPI, in place of emulated ones.</summary>
    public bool HasRealLinks { get; init; }

    /// <summary>The most ranks that computed on one GPU; null: not recorded, or none did.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? RanksPerGpu { get; init; }

    /// <summary>Each node's host; null: not recorded, or nodes are emulated.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary>A rank and where it is, for a reader.</summary>
    public string NameOf(int rank) => Hosts is null
        ? FormattableString.Invariant($"rank {rank} (node {rank / RanksPerNode})")
        : FormattableString.Invariant($"rank {rank} ({Hosts[rank / RanksPerNode]})");

    /// <summary>N·G.</summary>
    public int Ranks() => Nodes * RanksPerNode;
}

/// <summary>A node's emulated link.</summary>
/// <param name="BitsPerSecond">Bandwidth of one direction.</param>
/// <param name="LatencyNs">Of one message.</param>
internal sealed record RecordedLink(double BitsPerSecond, long LatencyNs);
