using Daso.Communication;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// PyTorch's DistributedDataParallel (Li et al., VLDB 2020, arXiv 2006.15704): gradients are averaged over all ranks in buckets, each
/// all-reduce started as soon as backward has completed its bucket.
/// </summary>
[Specification("ddp")]
public sealed partial record DdpSpec : StrategySpec
{
    /// <summary>A bucket's cap in bytes; PyTorch's default of 25 MiB.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <summary>The first bucket's cap in bytes; PyTorch's default of 1 MiB.</summary>
    [AtLeast(1)]
    public long FirstBucketBytes { get; init; } = 1 << 20;

    /// <summary>
    /// How gradients travel; 16-bit formats are PyTorch's fp16 and bf16 compression hooks (default_hooks.py), which round, divide by the
    /// number of ranks and then sum. In float32 the sum is divided; PyTorch multiplies by 1/P before, which gives the same bits where P is
    /// a power of two, and others in the last place elsewhere.
    /// </summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <summary>
    /// Whether all ranks take batch norm's running statistics of rank 0 before each forward and evaluation; on, as PyTorch's
    /// broadcast_buffers.
    /// </summary>
    [OmittedWhen(false)]
    public bool BroadcastBuffers { get; init; } = true;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients", StrategyPolicy.Same, BroadcastBuffers ? "rank 0's" : StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context) => new Ddp(
        new GradientAverager(context.Replica, context.Ranks.World, BucketBytes, FirstBucketBytes, Wire, Mean),
        BroadcastBuffers ? new BufferBroadcast(context.Replica, context.Ranks.World, context.Timer) : null,
        context.Timer);

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope) =>
    [
        new()
        {
            Gradients = new BucketedGradients(ProgramGroup.World, BucketBytes, FirstBucketBytes, Wire),
            Steps = [ProgramStep.GradientsAlone],
        },
    ];

    private ReduceOperation Mean => Wire == WireFormat.Float32 ? ReduceOperation.Mean : ReduceOperation.PredividedMean;

    private sealed class Ddp(GradientAverager averager, BufferBroadcast? buffers, StepTimer timer) : IStrategy
    {
        /// <summary>Whether a forward has changed the statistics since they were last broadcast.</summary>
        private bool _buffersAreDue;

        public void StepStarted(int epoch, int batch)
        {
            EvaluationStarting();
            _buffersAreDue = true;
        }

        public void EvaluationStarting()
        {
            if (_buffersAreDue)
                buffers?.Run();
            _buffersAreDue = false;
        }

        public void PartReady(int part) => averager.PartReady(part);

        public void BackwardDone()
        {
            SpanMark start = timer.Mark();
            long bytes = averager.Finish();
            timer.End(SpanKind.GlobalWait, start, bytes, averager.LastOperation);
        }

        public void Save(BinaryWriter writer) => writer.Write(_buffersAreDue);

        public void Load(BinaryReader reader) => _buffersAreDue = reader.ReadBoolean();

        public void Dispose()
        {
        }
    }
}
