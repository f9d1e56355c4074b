using Daso.Communication;
using Daso.Specification;

namespace Daso.Strategies;

/// <summary>
/// DASO: distributed asynchronous and selective optimization (Coquelin et al. 2022, Journal of Big Data 9:14). What is set beyond the
/// paper and the reference implementation is off by default; docs/daso.md says what it costs.
/// </summary>
[Specification("daso")]
public sealed partial record DasoSpec : StrategySpec
{
    /// <summary>The schedule's settings.</summary>
    public DasoSettings Schedule { get; init; } = new();

    /// <summary>How parameters travel between nodes in the blocking phases.</summary>
    public WireFormat BlockingWire { get; init; } = WireFormat.BFloat16;

    /// <summary>
    /// How parameters travel between nodes in the cycling phase; in 16 bit as changes since all ranks last agreed, with error feedback.
    /// </summary>
    public WireFormat CyclingWire { get; init; } = WireFormat.Float32;

    /// <summary>
    /// Whether a 16-bit blocking wire carries changes to a float32 copy, so that small updates are not swallowed, or the parameters
    /// themselves, as in the reference implementation. Null: the former in variant paper, the latter in variant heat.
    /// </summary>
    [DescribedBy(nameof(KeepsMasterCopy))]
    public bool? MasterCopy { get; init; }

    /// <summary>f in f·S, the weight of a rank's own parameters in a merge after S batches; 2 in the paper. At least 0.</summary>
    [AtLeast(0), Below(float.MaxValue)]
    public double StalenessFactor { get; init; } = 2;

    /// <summary>How parameters are merged in the cycling phase; buffers of the optimizer by equation 1 in any case.</summary>
    [OmittedWhen(DasoMerge.Weighted)]
    public DasoMerge Merge { get; init; } = DasoMerge.Weighted;

    /// <summary>What a merge makes of the optimizer's state.</summary>
    public MomentumAtMerge MomentumAtMerge { get; init; } = MomentumAtMerge.Keep;

    /// <summary>
    /// Of <see cref="MomentumAtMerge.Average"/>: global synchronisations from one that averages the optimizer's first buffer (momentum, Adam's
    /// means) to the next. DES-LOC (arXiv 2505.22549) takes 3.
    /// </summary>
    [AtLeast(1), OmittedWhen(1)]
    public int MomentumPeriod { get; init; } = 1;

    /// <summary>The same for the buffers after the first (Adam's squares). DES-LOC takes 6.</summary>
    [AtLeast(1), OmittedWhen(1)]
    public int SquarePeriod { get; init; } = 1;

    /// <summary>Whether batch norm's running statistics are averaged over all ranks with the last batch of every epoch.</summary>
    public bool SynchroniseBatchNorm { get; init; }

    /// <summary>
    /// Whether a node's ranks take batch norm's running statistics of local rank 0 before each forward and evaluation, as the reference's
    /// DistributedDataParallel inside the node does. Null: in variant heat only.
    /// </summary>
    [DescribedBy(nameof(BroadcastsBuffers)), OmittedWhen(false)]
    public bool? BroadcastBuffers { get; init; }

    /// <summary>Variant paper: whether each local rank exchanges a slice of the parameters, and not one in turn all of them.</summary>
    public bool ShardedDuty { get; init; }

    /// <summary>The largest message of a global synchronisation in elements; the reference's 10 million.</summary>
    [AtLeast(1)]
    public int ChunkElements { get; init; } = 10_000_000;

    /// <summary>Cap in bytes of the buckets in which gradients are averaged inside the node.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    internal bool BroadcastsBuffers => BroadcastBuffers ?? Schedule.Variant == DasoVariant.Heat;

    /// <summary>The weight of a rank's own parameters in a merge: f·S, or 1 where S = 0, as in the reference.</summary>
    /// <param name="wait">S: batches from the send to the merge.</param>
    internal float OwnWeight(int wait) => wait == 0 ? 1 : (float)(StalenessFactor * wait);

    /// <summary>How parameters travel while these skips are in force.</summary>
    internal WireFormat WireAt(DasoSkips skips) => skips.Global != 0 ? CyclingWire : BlockingWire;

    internal bool KeepsMasterCopy => MasterCopy ?? Schedule.Variant == DasoVariant.Paper;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with
    {
        Schedule = Schedule with
        {
            WarmupEpochs = 1,
            CooldownEpochs = 0,
            // Every group sends once in so many steps as there are groups. Variant heat starts with skips of its own.
            MaxGlobalSkips = Math.Min(Schedule.MaxGlobalSkips, 1),
        },
        MomentumPeriod = 1,
        SquarePeriod = 1,
    };

    /// <inheritdoc />
    public override bool FollowsTimings => Schedule.Auto != DasoAuto.None;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new(
        ShardedDuty ? "parameters, a slice a rank" : "parameters, a rank a node",
        MomentumAtMerge switch { MomentumAtMerge.Average => "averaged", MomentumAtMerge.Reset => "reset at merges", _ => StrategyPolicy.Own },
        SynchroniseBatchNorm ? "averaged" : BroadcastsBuffers ? "local rank 0's" : StrategyPolicy.Own,
        ShardedDuty ? $"{MemoryPerParameter}·n/G" : $"{MemoryPerParameter}·n");

    /// <summary>Bytes a rank for each element that it sends: two messages and what is kept of each, a master copy, what rounding has dropped.</summary>
    private int MemoryPerParameter => sizeof(float) * (2
        + (Merge == DasoMerge.Differences ? 2 : 0)
        + (PayloadFormat.Blocking(this).IsChange || PayloadFormat.Cycling(this).IsChange ? 1 : 0)
        + (PayloadFormat.Cycling(this).HasFeedback ? 1 : 0));

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new DasoStrategy(this, context);
    }

    partial void ValidateTogether()
    {
        if (Merge == DasoMerge.Differences && Schedule.Variant != DasoVariant.Paper)
            throw new UserErrorException($"DASO's {nameof(Merge)} {Merge} needs variant {DasoVariant.Paper}; variant {Schedule.Variant} is the reference's rule");
        if (ShardedDuty && Schedule.Variant != DasoVariant.Paper)
        {
            throw new UserErrorException(
                $"DASO's {nameof(ShardedDuty)} needs variant {DasoVariant.Paper}: with the local skips of variant {Schedule.Variant} " +
                "a node's ranks differ and their slices do not fit together");
        }

        if ((MomentumPeriod, SquarePeriod) != (1, 1) && MomentumAtMerge != MomentumAtMerge.Average)
        {
            throw new UserErrorException(
                $"DASO's {nameof(MomentumPeriod)} {MomentumPeriod} and {nameof(SquarePeriod)} {SquarePeriod} say how often buffers are averaged: " +
                $"set {nameof(MomentumAtMerge)} to {MomentumAtMerge.Average}, or both to 1");
        }
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope) => IsModelled(scope)
        ? [DasoProgram.Phase(this, DasoProgram.FirstSkips(this, scope), scope), DasoProgram.Phase(this, default, scope)]
        : [];

    /// <inheritdoc />
    public override StepProgram? TrainingProgram(ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch) =>
        IsModelled(scope) ? DasoProgram.Training(this, scope, losses, stepsPerEpoch) : null;

    /// <summary>A program has one exchange of all parameters by the ranks on duty, and a W that is known.</summary>
    private bool IsModelled(ProgramScope scope) => !ShardedDuty
        && MomentumAtMerge != MomentumAtMerge.Average
        && (Schedule.Auto == DasoAuto.None || scope.StepsOf is not null);
}
