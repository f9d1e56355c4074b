using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// Horovod's way (Sergeev and Del Balso, arXiv 1802.05799): complete gradients queue up; a background thread wakes every cycle, agrees
/// with the other ranks on what is complete everywhere, and all-reduces it in messages of at most the fusion buffer's size. Defaults of
/// Horovod since 0.21.1: 128 MiB, 1 ms, no compression. Gradients lie flat in the order in which they complete, so that a fused message
/// is a view: Horovod's copies into and out of its buffer are not charged.
/// </summary>
[Specification("horovod")]
public sealed partial record HorovodSpec : StrategySpec
{
    /// <summary>The largest message in bytes; 0: every parameter alone.</summary>
    [AtLeast(0)]
    public long FusionBytes { get; init; } = 128 << 20;

    /// <summary>Milliseconds from one look at the queue to the next.</summary>
    [AtLeast(0)]
    public int CycleMs { get; init; } = 1;

    /// <summary>How gradients travel; Float16 is Horovod's fp16 compression, whose sum is divided afterwards (its post-scale factor).</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients", StrategyPolicy.Same, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context) => new Horovod(this, context);

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope) =>
        [new() { Gradients = new QueuedGradients(FusionBytes, CycleMs * 1e6, Wire), Steps = [ProgramStep.GradientsAlone] }];
}
