using Daso.Baselines;
using Daso.Communication;
using Daso.Prediction;
using Daso.Strategies;

namespace Daso.Reproduction;

/// <summary>What carries Horovod's gradients between nodes.</summary>
internal enum HorovodTransport
{
    /// <summary>NCCL: in the node, then all cards at once between nodes, then in the node.</summary>
    Hierarchical,

    /// <summary>NCCL: one ring of all ranks.</summary>
    Ring,

    /// <summary>MPI's all-reduce of all ranks, its buffers copied to the host and back.</summary>
    StagedMpi,
}

/// <summary>How the loss drives DASO's skips. The true course depends on the data; these are its bounds.</summary>
internal enum LossCourse
{
    /// <summary>Better in every epoch: B stays 4.</summary>
    AlwaysBetter,

    /// <summary>Never better: a plateau as often as the patience allows, B = 4, 2, 1 in turn.</summary>
    NeverBetter,
}

/// <summary>
/// What a prediction of the paper's comparison assumes. The default is the ideal: device-direct MPI that progresses by itself, full duplex,
/// ranks that are equally fast. None of this is known of the paper's runs.
/// </summary>
internal sealed record Assumptions
{
    /// <summary>
    /// Copies between device and host where MPI is host-staged: about what pinned memory reaches over PCIe 4.0 × 16 [M], which favours
    /// whoever is staged.
    /// </summary>
    internal const double StagingBytesPerSecond = 24e9;

    /// <summary>Nodes of the system.</summary>
    public required int Nodes { get; init; }

    /// <summary>What carries Horovod's gradients.</summary>
    public HorovodTransport Horovod { get; init; }

    /// <summary>How Horovod's gradients travel.</summary>
    public WireFormat HorovodWire { get; init; } = WireFormat.Float32;

    /// <summary>Whether DASO's parameters are copied to the host and back around an exchange.</summary>
    public bool StagesDaso { get; init; }

    /// <summary>Whether DASO's exchanges go on while it computes.</summary>
    public bool HasProgress { get; init; } = true;

    /// <summary>The all-reduce of DASO's blocking phases in 16 bit.</summary>
    public CollectiveAlgorithm BlockingAlgorithm { get; init; } = CollectiveAlgorithm.Rabenseifner;

    /// <summary>Whether all cards of a node share DASO's exchange, in place of the one of the rank on duty.</summary>
    public bool UsesAllCards { get; init; }

    /// <summary>How the loss drives DASO's skips.</summary>
    public LossCourse Loss { get; init; }

    /// <summary>Whether DASO has its cycling phase; if not, it blocks in every batch.</summary>
    public bool Cycles { get; init; } = true;

    /// <summary>Standard deviation of a rank's computing time from step to step, as a share of it.</summary>
    public double Jitter { get; init; }

    /// <summary>Whether cards lose bandwidth when they send and receive at once, as measured on the system.</summary>
    public bool LosesDuplex { get; init; }

    /// <summary>Whether a node has one card in place of the system's several.</summary>
    public bool HasOneCard { get; init; }

    /// <summary>How many times slower than measured the links between nodes are.</summary>
    public double NetworkSlowdown { get; init; } = 1;

    /// <summary>How many times faster than described a step is computed.</summary>
    public double ComputeSpeedup { get; init; } = 1;

    /// <summary>Rate of the copies between device and host where MPI is host-staged.</summary>
    public double StagingRate { get; init; } = StagingBytesPerSecond;

    /// <summary>The system as Horovod meets it: its fusion buffer lies on the host where its MPI is staged.</summary>
    internal SystemSpec ForHorovod(SystemSpec described) => Horovod == HorovodTransport.StagedMpi
        ? Common(described) with { CopyBytesPerSecond = StagingRate }
        : Common(described);

    /// <summary>The system as DASO meets it.</summary>
    internal SystemSpec ForDaso(SystemSpec described)
    {
        SystemSpec system = Common(described);
        return system with
        {
            StagingBytesPerSecond = StagesDaso ? StagingRate : null,
            HasMpiProgress = HasProgress,
            // The exchange's bytes over all cards at once are those over one card that is as many times faster.
            InterNode = system.InterNode with
            {
                BytesPerSecond = system.InterNode.BytesPerSecond * (UsesAllCards ? system.CardsPerNode : 1),
            },
        };
    }

    /// <summary>Horovod with its own settings.</summary>
    internal ModelledStrategy HorovodStrategy(ProgramScope scope) => new(
        "horovod",
        new HorovodSpec { Wire = HorovodWire }.Programs(scope)[0],
        new CommunicationModel
        {
            Queued = Horovod switch
            {
                HorovodTransport.Ring => CollectiveAlgorithm.Ring,
                HorovodTransport.StagedMpi => CollectiveAlgorithm.Rabenseifner,
                _ => CollectiveAlgorithm.Hierarchical,
            },
        });

    /// <summary>DASO in an epoch with these skips.</summary>
    internal ModelledStrategy DasoStrategy(DasoSkips skips, ProgramScope scope) =>
        new("daso", DasoProgram.Phase(new DasoSpec(), skips, scope), new CommunicationModel { UserDefined = BlockingAlgorithm });

    /// <summary>The blocking synchronisation that ends an epoch of the cycling phase: float32, and so no user-defined sum.</summary>
    internal static ModelledStrategy LastOfCycling(ProgramScope scope) => new(
        "daso", DasoProgram.Phase(new DasoSpec { BlockingWire = WireFormat.Float32 }, default, scope), new CommunicationModel());

    private SystemSpec Common(SystemSpec described) => described with
    {
        Nodes = Nodes,
        CardsPerNode = HasOneCard ? 1 : described.CardsPerNode,
        JitterPerStep = Jitter,
        DuplexFactor = LosesDuplex ? described.DuplexFactor : 1,
        InterNode = described.InterNode with { BytesPerSecond = described.InterNode.BytesPerSecond / NetworkSlowdown },
    };
}
