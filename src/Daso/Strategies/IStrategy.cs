using Daso.Cluster;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;

namespace Daso.Strategies;

/// <summary>A strategy's kind and settings.</summary>
public abstract record StrategySpec : ISpecification
{
    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">A setting out of its range; the message names it.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>Makes one rank's instance.</summary>
    /// <param name="context">What it works on; valid as long as the strategy.</param>
    public abstract IStrategy Create(StrategyContext context);

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}

/// <summary>What a strategy works on.</summary>
/// <param name="Ranks">This rank, its cluster and its communicators.</param>
/// <param name="Replica">The model with its flat parameters and gradients; equal on all ranks at the start.</param>
/// <param name="Optimizer">The local optimizer, for strategies that also average its state.</param>
/// <param name="Recorder">Takes the spans.</param>
/// <param name="Epochs">Epochs of the whole training.</param>
/// <param name="StepsPerEpoch">Steps in each.</param>
public sealed record StrategyContext(
    RankContext Ranks,
    Replica Replica,
    IOptimizer Optimizer,
    IRecorder Recorder,
    int Epochs,
    int StepsPerEpoch);

/// <summary>
/// How ranks keep their models in agreement. The training loop calls the members in this order and knows nothing else of a strategy:
/// per step <see cref="StepStarted"/>, <see cref="GradientsReady"/> (from inside backward), <see cref="BackwardDone"/>, then the
/// optimizer, then <see cref="OptimizerStepped"/>; per epoch <see cref="EvaluationStarting"/>, then <see cref="EpochEnded"/>. What a strategy has no use for it leaves out.
/// </summary>
public interface IStrategy : IDisposable
{
    /// <summary>A step's batch is there; its forward comes next.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="batch">From 0, within the epoch.</param>
    void StepStarted(int epoch, int batch)
    {
    }

    /// <summary>The gradients of this part and of all later ones are complete; called on the thread that runs backward.</summary>
    void GradientsReady(int part)
    {
    }

    /// <summary>Backward has returned: all gradients are complete. When this returns they are what the optimizer shall use.</summary>
    void BackwardDone()
    {
    }

    /// <summary>The optimizer has updated the parameters.</summary>
    void OptimizerStepped()
    {
    }

    /// <summary>The epoch's last step is done and the model is evaluated next.</summary>
    void EvaluationStarting()
    {
    }

    /// <summary>An epoch is over; nothing is in flight afterwards unless the strategy says so in its state.</summary>
    /// <param name="loss">The mean training loss over all ranks.</param>
    void EpochEnded(double loss)
    {
    }

    /// <summary>Writes the whole state, pending communication included, after a step or an epoch.</summary>
    void Save(BinaryWriter writer)
    {
    }

    /// <summary>Restores what <see cref="Save"/> wrote on the same rank.</summary>
    void Load(BinaryReader reader)
    {
    }
}
