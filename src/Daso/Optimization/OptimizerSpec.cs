using Daso.Models;
using Daso.Specification;

namespace Daso.Optimization;

/// <summary>An optimizer's kind and settings; learning rates come from the <see cref="LearningRateSpec"/>.</summary>
public abstract record OptimizerSpec : ISpecification
{
    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">A setting out of its range; the message names it.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>Makes the optimizer of a flat tensor: a replica's parameters, or any other, such as an outer optimizer's.</summary>
    /// <param name="parameters">What is updated, float32.</param>
    /// <param name="gradients">Of the same length and on the same device; zeroed by every update.</param>
    /// <exception cref="UserErrorException">A setting out of its range.</exception>
    public abstract IOptimizer Create(FlatTensor parameters, FlatTensor gradients);

    /// <summary>Makes the local optimizer of a replica, whose parameters have shapes; unless overridden these do not matter.</summary>
    /// <param name="replica">Whose parameters are updated.</param>
    /// <exception cref="UserErrorException">A setting out of its range.</exception>
    public virtual IOptimizer Create(Replica replica) => Create(replica.Parameters, replica.Gradients);

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}

/// <summary>Updates parameters from their gradients.</summary>
public interface IOptimizer : IDisposable
{
    /// <summary>One update over all parameters; zeroes the gradients in the same pass.</summary>
    /// <param name="learningRate">Per step.</param>
    void Step(double learningRate);

    /// <summary>The optimizer's own flat buffers by name (momentum, …), for checkpoints and for strategies that average them.</summary>
    IReadOnlyList<(string Name, FlatTensor Values)> State { get; }

    /// <summary>Updates made so far; part of the state where a bias correction depends on it.</summary>
    long Steps { get; set; }
}
