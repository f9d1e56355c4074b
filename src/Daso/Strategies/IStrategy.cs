using Daso.Models;
using Daso.Optimization;
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

    /// <summary>
    /// Whether it keeps parts of gradients for later steps, as error feedback does. Those of float16 have a scale that changes between steps, so
    /// that such a strategy is refused there.
    /// </summary>
    public virtual bool KeepsGradients => false;

    /// <summary>
    /// Itself with phases and periods so short that all it ever does happens within two epochs of three steps. So it is trained before
    /// a training and thrown away, and no code runs for the first time in a step that is timed. Itself: it does the same in every step.
    /// </summary>
    public virtual StrategySpec ForWarmup() => this;

    /// <summary>Whether what it does depends on measured times, so that the same seed may give other bits; the manifest then says so.</summary>
    public virtual bool FollowsTimings => false;

    /// <summary>
    /// The local optimizer of a method that is one with its optimizer: ranks update with it in place of the experiment's. Null: with any.
    /// </summary>
    public virtual OptimizerSpec? OwnOptimizer => null;

    /// <summary>What it brings into agreement, for tables; null: it does not say.</summary>
    public virtual StrategyPolicy? Policy => null;

    /// <summary>Makes one rank's instance.</summary>
    /// <param name="context">What it works on; valid as long as the strategy.</param>
    public abstract IStrategy Create(StrategyContext context);

    /// <summary>
    /// What it does in a step of each of its phases, for the step-time model. Empty, as where a strategy does not say it: not modelled.
    /// </summary>
    /// <param name="scope">The model's size and the ranks of a node.</param>
    public virtual IReadOnlyList<StepProgram> Programs(ProgramScope scope) => [];

    /// <summary>What it does in a whole training; null: not modelled. Without phases that is what it does in every step.</summary>
    /// <param name="scope">The model's size and the ranks of a node.</param>
    /// <param name="losses">The training loss of each epoch.</param>
    /// <param name="stepsPerEpoch">Steps in each.</param>
    public virtual StepProgram? TrainingProgram(ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch) =>
        Programs(scope) is [StepProgram only] ? only : null;

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}

/// <summary>
/// How ranks keep their models in agreement. The training loop calls the members in this order and knows nothing else of a strategy:
/// per step <see cref="StepStarted"/>, <see cref="IBackwardObserver.PartReady"/> (from inside backward), <see cref="BackwardDone"/>, then
/// the optimizer, then <see cref="OptimizerStepped"/>; per epoch <see cref="EvaluationStarting"/>, then <see cref="EpochEnded"/>. What a
/// strategy has no use for it leaves out.
/// </summary>
public interface IStrategy : IBackwardObserver, IDisposable
{
    /// <summary>A step's batch is there; its forward comes next.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="batch">From 0, within the epoch.</param>
    void StepStarted(int epoch, int batch)
    {
    }

    /// <inheritdoc />
    void IBackwardObserver.PartReady(int part)
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

    /// <summary>Its own flat buffers by name (master copies, outer momenta, residuals), to be looked at; none by default.</summary>
    IReadOnlyList<(string Name, FlatTensor Values)> State => [];

    /// <summary>Writes the whole state, pending communication included, after a step or an epoch.</summary>
    void Save(BinaryWriter writer)
    {
    }

    /// <summary>Restores what <see cref="Save"/> wrote on the same rank.</summary>
    void Load(BinaryReader reader)
    {
    }
}
