using Daso.Specification;

namespace Daso.Optimization;

/// <summary>A learning-rate schedule's kind and settings.</summary>
public abstract record LearningRateSpec : ISpecification
{
    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">A setting out of its range; the message names it.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>Checks what depends on how many ranks there are, before anything starts.</summary>
    /// <param name="ranks">The world's size.</param>
    /// <exception cref="UserErrorException">The settings do not fit them.</exception>
    public virtual void ValidateFor(int ranks)
    {
    }

    /// <summary>Makes the schedule.</summary>
    /// <param name="ranks">The world's size, for rates that scale with it.</param>
    /// <param name="stepsPerEpoch">Steps in an epoch.</param>
    public abstract ILearningRate Create(int ranks, int stepsPerEpoch);

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}

/// <summary>The learning rate as training goes on.</summary>
public interface ILearningRate
{
    /// <summary>The rate of a step.</summary>
    /// <param name="step">From 0, over the whole training.</param>
    double At(long step);

    /// <summary>Told once an epoch of the training loss, averaged over all ranks.</summary>
    void EpochEnded(double loss);

    /// <summary>Writes what <see cref="At"/> depends on.</summary>
    void Save(BinaryWriter writer);

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    void Load(BinaryReader reader);
}
