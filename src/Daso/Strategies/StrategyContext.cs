using Daso.Cluster;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>What a strategy works on.</summary>
/// <param name="Ranks">This rank, its cluster and its communicators.</param>
/// <param name="Replica">
/// The model with its flat parameters and gradients, their names and shapes; equal on all ranks at the start.
/// </param>
/// <param name="Optimizer">The local optimizer, for strategies that also average its state.</param>
/// <param name="Timer">Measures the spans.</param>
/// <param name="Epochs">Epochs of the whole training.</param>
/// <param name="StepsPerEpoch">Steps in each.</param>
public sealed record StrategyContext(
    RankContext Ranks,
    Replica Replica,
    IOptimizer Optimizer,
    StepTimer Timer,
    int Epochs,
    int StepsPerEpoch)
{
    /// <summary>The step under way; one object for the whole training.</summary>
    public TrainingStep Step { get; init; } = new();
}

/// <summary>The step that a training is in: told by the training loop, read by strategies.</summary>
/// <param name="loss">A scalar that holds this rank's loss of the step's batch once backward is done; null: nobody knows it.</param>
public sealed class TrainingStep(Tensor? loss = null)
{
    /// <summary>Steps of the whole training before this one.</summary>
    public long Number { get; private set; }

    /// <summary>The rate that the local optimizer takes in this step.</summary>
    public double LearningRate { get; private set; }

    /// <summary>
    /// This rank's loss of the step's batch, from <see cref="IStrategy.BackwardDone"/> on; NaN where nobody knows it. On a GPU reading it
    /// waits for the device.
    /// </summary>
    public float Loss => loss is null ? float.NaN : loss.item<float>();

    /// <summary>Moves to a step, before <see cref="IStrategy.StepStarted"/>.</summary>
    public void MoveTo(long number, double learningRate) => (Number, LearningRate) = (number, learningRate);
}
