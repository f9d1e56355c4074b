namespace Daso.Reproduction;

/// <summary>A quantity that is changed, all else ideal, until the model reaches the claimed saving.</summary>
/// <param name="Name">What, and how far it is changed.</param>
/// <param name="Relation">≥ or ≤: from where on the shown value counts.</param>
/// <param name="Unit">Of the shown value.</param>
/// <param name="From">Where the search begins, above 0.</param>
/// <param name="To">Where it ends.</param>
/// <param name="Set">The assumptions with a value of the search.</param>
/// <param name="Shown">What is shown of that value.</param>
internal sealed record ThresholdQuantity(
    string Name,
    string Relation,
    string Unit,
    double From,
    double To,
    Func<Assumptions, double, Assumptions> Set,
    Func<double, double> Shown)
{
    /// <summary>Jitter, the network, the computing, and the host copies of Horovod's MPI.</summary>
    internal static IReadOnlyList<ThresholdQuantity> All { get; } =
    [
        new("jitter of a rank's step, up to 45 %", "≥", "%", 0.1, 45, (s, value) => s with { Jitter = value / 100 }, value => value),
        new(
            "links slower than measured, up to 1,000 ×",
            "≥",
            "×",
            1,
            1000,
            (s, value) => s with { NetworkSlowdown = value },
            value => value),
        new(
            "the same, and one card a node",
            "≥",
            "×",
            1,
            1000,
            (s, value) => s with { NetworkSlowdown = value, HasOneCard = true },
            value => value),
        new(
            "the same, DASO over all cards",
            "≥",
            "×",
            1,
            1000,
            (s, value) => s with { NetworkSlowdown = value, UsesAllCards = true },
            value => value),
        new(
            "computing faster than described, up to 100 ×",
            "≥",
            "×",
            1,
            100,
            (s, value) => s with { ComputeSpeedup = value },
            value => value),
        new(
            "Horovod by MPI, host copies down from 24 GB/s",
            "≤",
            "GB/s",
            1,
            100,
            (s, value) => s with { Horovod = HorovodTransport.StagedMpi, StagingRate = Assumptions.StagingBytesPerSecond / value },
            value => Assumptions.StagingBytesPerSecond / value / 1e9),
    ];

    /// <summary>Where the model reaches a saving, for each number of nodes.</summary>
    internal Threshold Find(TrainingModel model, IReadOnlyList<int> nodes, double claimed) => new(
        Name, Relation, Unit, [.. nodes.Select(n => Find(model, new Assumptions { Nodes = n }, claimed))]);

    private double? Find(TrainingModel model, Assumptions ideal, double claimed) =>
        ThresholdSearch.First(value => model.Predict(Set(ideal, value)).Saving >= claimed, From, To) is double found ? Shown(found) : null;
}
