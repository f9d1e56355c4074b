using Daso.Data;
using Daso.Optimization;
using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// How one rank's model learns from a batch. The training loop calls <see cref="Learn"/>, lets the strategy agree on the gradients with the
/// other ranks, and then makes a step of the <see cref="Optimizer"/>. Several losses are several forward and backward passes in
/// <see cref="Learn"/>; several optimizers are one that steps them all.
/// </summary>
public interface ILearner : IDisposable
{
    /// <summary>Updates the replica's parameters from its gradients; strategies see its state, checkpoints keep it.</summary>
    IOptimizer Optimizer { get; }

    /// <summary>
    /// Adds a batch's gradients to the replica's, and tells the model's observer of the parts that are complete (a part is complete when
    /// all later ones are, too; <see cref="Models.LayeredModel.Backward"/> does it). Ends the spans of its forward and backward work.
    /// </summary>
    /// <param name="batch">The batch.</param>
    /// <param name="timer">Measures the spans.</param>
    /// <param name="start">Where the first span begins.</param>
    /// <returns>The batch's loss: a scalar on the rank's device, in the caller's dispose scope.</returns>
    Tensor Learn(Batch batch, StepTimer timer, SpanMark start);

    /// <summary>What the model makes of inputs, for the metrics; called without a graph.</summary>
    Tensor Predict(Tensor inputs);
}
