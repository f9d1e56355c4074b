using Daso.Communication;
using Daso.Prediction;

namespace Daso.Reproduction;

/// <summary>Something that is not known of the paper's runs, or that the method could have done otherwise.</summary>
/// <param name="Name">What differs from the ideal, in words.</param>
/// <param name="With">The assumptions with it.</param>
/// <param name="Without">The assumptions as the ideal is in this respect.</param>
internal sealed record AssumptionTerm(string Name, Func<Assumptions, Assumptions> With, Func<Assumptions, Assumptions> Without)
{
    private static readonly bool[] s_both = [false, true];

    /// <summary>The jitters of the range.</summary>
    internal static IReadOnlyList<double> Jitters { get; } = [0, 0.02, 0.05, 0.1];

    /// <summary>What a prediction's range runs over: terms whose true value in the paper's runs is not known.</summary>
    internal static IReadOnlyList<AssumptionTerm> Unknown { get; } =
    [
        Of("Horovod by one flat ring", HorovodTransport.Ring),
        Of("Horovod by MPI, host-staged", HorovodTransport.StagedMpi),
        new("Horovod sends float16", s => s with { HorovodWire = WireFormat.Float16 }, s => s with { HorovodWire = WireFormat.Float32 }),
        .. Jitters.Skip(1).Select(Of),
        new("cards lose duplex, as measured", s => s with { LosesDuplex = true }, s => s with { LosesDuplex = false }),
        new("DASO's MPI host-staged", s => s with { StagesDaso = true }, s => s with { StagesDaso = false }),
        new("MPI without progress of its own", s => s with { HasProgress = false }, s => s with { HasProgress = true }),
        new(
            "16-bit sums by recursive doubling",
            s => s with { BlockingAlgorithm = CollectiveAlgorithm.RecursiveDoubling },
            s => s with { BlockingAlgorithm = CollectiveAlgorithm.Rabenseifner }),
        new("plateau every third epoch", s => s with { Loss = LossCourse.NeverBetter }, s => s with { Loss = LossCourse.AlwaysBetter }),
    ];

    /// <summary>What the method does or could have done: no part of the range.</summary>
    internal static IReadOnlyList<AssumptionTerm> Method { get; } =
    [
        new("without cycling: DASO always blocks", s => s with { Cycles = false }, s => s with { Cycles = true }),
        new("DASO over all cards of a node", s => s with { UsesAllCards = true }, s => s with { UsesAllCards = false }),
    ];

    /// <summary>Every combination of the unknown terms on a number of nodes, those with fewer of them first: the ideal begins.</summary>
    internal static IReadOnlyList<Assumptions> Combinations(int nodes) => [.. AllOf(nodes).OrderBy(assumptions => In(assumptions).Count)];

    /// <summary>The unknown terms in which assumptions differ from the ideal.</summary>
    internal static IReadOnlyList<AssumptionTerm> In(Assumptions assumptions) =>
        [.. Unknown.Where(term => term.With(assumptions) == assumptions)];

    private static IEnumerable<Assumptions> AllOf(int nodes) =>
        from horovod in Enum.GetValues<HorovodTransport>()
        from wire in new[] { WireFormat.Float32, WireFormat.Float16 }
        from jitter in Jitters
        from losesDuplex in s_both
        from stagesDaso in s_both
        from hasProgress in s_both
        from blocking in new[] { CollectiveAlgorithm.Rabenseifner, CollectiveAlgorithm.RecursiveDoubling }
        from loss in Enum.GetValues<LossCourse>()
        select new Assumptions
        {
            Nodes = nodes,
            Horovod = horovod,
            HorovodWire = wire,
            Jitter = jitter,
            LosesDuplex = losesDuplex,
            StagesDaso = stagesDaso,
            HasProgress = hasProgress,
            BlockingAlgorithm = blocking,
            Loss = loss,
        };

    private static AssumptionTerm Of(string name, HorovodTransport transport) =>
        new(name, s => s with { Horovod = transport }, s => s with { Horovod = HorovodTransport.Hierarchical });

    private static AssumptionTerm Of(double jitter) => new(
        FormattableString.Invariant($"jitter of {jitter * 100:0} % a step"), s => s with { Jitter = jitter }, s => s with { Jitter = 0 });
}
