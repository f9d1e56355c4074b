using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// Post-local SGD (Lin et al., ICLR 2020, arXiv 1808.07217) by the rules of PyTorch's PostLocalSGDOptimizer, PeriodicModelAverager and
/// post_localSGD_hook: DDP for the first steps; then gradients are averaged inside the node only, and parameters over all ranks every few
/// steps. docs/strategies/post-local-sgd.md.
/// </summary>
[Specification("postLocalSgd")]
public sealed partial record PostLocalSgdSpec : WorkerSpec
{
    /// <summary>w: the steps of DDP at the start, over the whole training.</summary>
    [AtLeast(0)]
    public int WarmupSteps { get; init; } = 100;

    /// <summary>p: steps from one average of the parameters to the next; the first is in step w.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 4;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { WarmupSteps = Math.Min(WarmupSteps, 1), Period = Math.Min(Period, 2) };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients, then parameters", StrategyPolicy.Own, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        var average = new RangeReduction(context.Replica.Parameters, context.Ranks.World);
        return new PostLocalSgd(
            context, WarmupSteps, NodeGradients, BucketBytes, [], step => (step - WarmupSteps) % Period == 0 ? average : null);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        StepProgram local = StepProgram.Periodic(
            TrafficInNode,
            Period,
            step => step == 0 ? new ProgramExchange(ProgramGroup.World, scope.Elements, WireFormat.Float32) : null);
        return WarmupSteps == 0 ? [local] : [local with { Phase = "local" }, Start(BucketBytes)];
    }

    /// <summary>The steps of DDP.</summary>
    internal static StepProgram Start(long bucketBytes) => new()
    {
        Phase = "start",
        Gradients = BucketedGradients.InFloat32(ProgramGroup.World, bucketBytes),
        Steps = [ProgramStep.GradientsAlone],
    };
}
