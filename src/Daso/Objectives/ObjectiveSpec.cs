using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// What a model is trained for: how a loss and the metrics come from its outputs and the targets, and how it learns from a batch.
/// <see cref="CrossEntropySpec"/> is the objective of an experiment that names none.
/// </summary>
public abstract record ObjectiveSpec : ISpecification
{
    /// <summary>What is measured on held-out data, in the order of the records.</summary>
    public abstract IReadOnlyList<Metric> Metrics { get; }

    /// <summary>The metric of an experiment without a target: the first that is not the loss.</summary>
    public Metric MainMetric => Metrics.FirstOrDefault(metric => metric.Name != "loss") ?? Metrics[0];

    /// <summary>Checks what can be known of the settings before anything starts.</summary>
    /// <exception cref="UserErrorException">No metric, or two of one name.</exception>
    public virtual void Validate()
    {
        if (Metrics.Count == 0)
            throw new UserErrorException($"{GetType().Name} measures nothing; give it at least one metric");
        if (Metrics.GroupBy(metric => metric.Name).FirstOrDefault(same => same.Count() > 1) is { } twice)
            throw new UserErrorException($"{GetType().Name} has two metrics called {twice.Key}; rename or remove one");
    }

    /// <summary>The loss that is minimised: a scalar with a graph, the mean over the batch.</summary>
    /// <param name="outputs">What the model makes of the inputs.</param>
    /// <param name="targets">What it should say.</param>
    public abstract Tensor Loss(Tensor outputs, Tensor targets);

    /// <summary>Makes what learns on one rank: one loss, one backward pass and one optimizer, unless overridden.</summary>
    /// <param name="replica">The rank's model.</param>
    /// <param name="optimizer">The experiment's optimizer.</param>
    public virtual ILearner CreateLearner(Replica replica, OptimizerSpec optimizer) =>
        new Backpropagation(this, replica, optimizer.Create(replica));

    /// <summary>The same for a way to learn in which ranks do different things.</summary>
    /// <param name="replica">The rank's model.</param>
    /// <param name="optimizer">The experiment's optimizer.</param>
    /// <param name="shard">Which of the ranks this one is.</param>
    public virtual ILearner CreateLearner(Replica replica, OptimizerSpec optimizer, Shard shard) => CreateLearner(replica, optimizer);

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);
}
