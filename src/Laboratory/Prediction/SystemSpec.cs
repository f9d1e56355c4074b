using System.Text.Json.Serialization;

namespace Daso.Prediction;

/// <summary>A cluster in the numbers that the step-time model needs; in JSON by <see cref="PredictionFiles"/>.</summary>
internal sealed record SystemSpec
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>Where the numbers come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>N.</summary>
    public required int Nodes { get; init; }

    /// <summary>g: ranks on each node.</summary>
    public required int RanksPerNode { get; init; }

    /// <summary>Between two ranks of a node.</summary>
    public required LinkModel IntraNode { get; init; }

    /// <summary>Between two nodes, through one network card, when it works in one direction only.</summary>
    public required LinkModel InterNode { get; init; }

    /// <summary>Network cards of a node that work at once.</summary>
    public int CardsPerNode { get; init; } = 1;

    /// <summary>Share of a card's bandwidth that is left in each direction while both are used; 1: full duplex.</summary>
    public double DuplexFactor { get; init; } = 1;

    /// <summary>Whether MPI moves messages while the program computes. If not, an exchange runs only while it is waited for.</summary>
    public bool HasMpiProgress { get; init; } = true;

    /// <summary>Bytes a second of a copy from the device to the host or back, around an exchange by MPI; null: none is made.</summary>
    public double? StagingBytesPerSecond { get; init; }

    /// <summary>Bytes a second at which a rank copies in its own memory, to pack and unpack; null: no cost.</summary>
    public double? CopyBytesPerSecond { get; init; }

    /// <summary>γ: processor time to take one byte of one member into a sum and to give it the result.</summary>
    public double ReduceNsPerByte { get; init; }

    /// <summary>
    /// Time from the moment an operation could begin or is done to the moment the program notices; once an operation. Where
    /// <see cref="IsInProcess"/>, operations inside a node or over unlimited links have none: the last rank to come carries them out.
    /// </summary>
    public double OverheadNs { get; init; }

    /// <summary>Standard deviation of a rank's computing time from step to step, as a share of it.</summary>
    public double JitterPerStep { get; init; }

    /// <summary>Standard deviation of computing time from rank to rank that stays the same in all steps, as a share of it.</summary>
    public double JitterPerRank { get; init; }

    /// <summary>Cores that all ranks and their communication share (a cluster on one machine); null: each rank has its own.</summary>
    public int? SharedCores { get; init; }

    /// <summary>Whether the ranks are threads of one process and its links are emulated, as on this project's embedded cluster.</summary>
    public bool IsInProcess { get; init; }

    /// <summary>N·g.</summary>
    [JsonIgnore]
    public int Ranks => Nodes * RanksPerNode;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="UserErrorException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        Require(Nodes >= 1, nameof(Nodes), Nodes, "at least 1");
        Require(RanksPerNode >= 1, nameof(RanksPerNode), RanksPerNode, "at least 1");
        Require(CardsPerNode >= 1, nameof(CardsPerNode), CardsPerNode, "at least 1");
        Require(DuplexFactor is > 0 and <= 1, nameof(DuplexFactor), DuplexFactor, "above 0 and at most 1");
        RequireLink(nameof(IntraNode), IntraNode);
        RequireLink(nameof(InterNode), InterNode);
        Require(StagingBytesPerSecond is null or > 0, nameof(StagingBytesPerSecond), StagingBytesPerSecond ?? 0, "above 0");
        Require(CopyBytesPerSecond is null or > 0, nameof(CopyBytesPerSecond), CopyBytesPerSecond ?? 0, "above 0");
        Require(ReduceNsPerByte >= 0, nameof(ReduceNsPerByte), ReduceNsPerByte, "at least 0");
        Require(OverheadNs >= 0, nameof(OverheadNs), OverheadNs, "at least 0");
        Require(JitterPerStep is >= 0 and < 0.5, nameof(JitterPerStep), JitterPerStep, "at least 0 and below 0.5");
        Require(JitterPerRank is >= 0 and < 0.5, nameof(JitterPerRank), JitterPerRank, "at least 0 and below 0.5");
        Require(SharedCores is null or >= 1, nameof(SharedCores), SharedCores ?? 0, "at least 1");
    }

    private static void RequireLink(string name, LinkModel link)
    {
        Require(link.LatencyNs >= 0, $"{name}.{nameof(link.LatencyNs)}", link.LatencyNs, "at least 0");
        Require(link.BytesPerSecond > 0, $"{name}.{nameof(link.BytesPerSecond)}", link.BytesPerSecond, "above 0");
    }

    private static void Require(bool holds, string name, double value, string range)
    {
        if (!holds)
            throw new UserErrorException(FormattableString.Invariant($"the system's {name} is {value}; it must be {range}"));
    }
}
