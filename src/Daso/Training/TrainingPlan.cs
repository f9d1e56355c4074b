using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Training;

/// <summary>What one cell trains, the same on every rank.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The opened data.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="LearningRate">The learning-rate schedule.</param>
/// <param name="Strategy">The strategy.</param>
/// <param name="Seed">Of weights and of the data's order.</param>
/// <param name="Epochs">Epochs to train; null: as many as the maximum of steps needs.</param>
/// <param name="MaximumSteps">Steps after which training ends; null, where epochs are given: after the last epoch.</param>
/// <param name="WarmupSteps">Untimed steps before, in each of two epochs, on a model that is thrown away; 0: none.</param>
internal sealed record TrainingPlan(
    ModelSpec Model,
    IDataset Data,
    OptimizerSpec Optimizer,
    LearningRateSpec LearningRate,
    StrategySpec Strategy,
    int Seed,
    int? Epochs,
    int? MaximumSteps,
    int WarmupSteps)
{
    /// <summary>
    /// The most steps of the training that a process trains and throws away before its first. Equal trainings showed the first of a process
    /// to be slower than all later ones, in all of its epochs; the cause is not known.
    /// </summary>
    internal const int FirstTrainingSteps = 32;

    // Large enough to move parameters, and small enough to let no model diverge.
    private static readonly ConstantRateSpec s_rateOfWarmup = new(1e-4);

    /// <summary>Steps after which an epoch ends; null: with its data.</summary>
    public int? EpochSteps { get; init; }

    /// <summary>What the model is trained for.</summary>
    public ObjectiveSpec Objective { get; init; } = CrossEntropySpec.Default;

    /// <summary>In which format it computes.</summary>
    public PrecisionSpec Precision { get; init; } = PrecisionSpec.Default;

    /// <summary>Where the training is saved and goes on from; null: neither.</summary>
    public CheckpointPlan? Checkpoints { get; init; }

    /// <summary>Where rank 0 writes its weights at the end, as safetensors; null: nowhere.</summary>
    public string? WeightsFile { get; init; }

    /// <summary>
    /// The warm-up: two epochs of the strategy with all its phases, each of so many steps that every rank of a node has its turn and one step
    /// is left for what an epoch's last step does.
    /// </summary>
    internal TrainingPlan ForWarmup(Topology topology) => Untimed() with
    {
        Strategy = Strategy.ForWarmup(),
        Epochs = 2,
        MaximumSteps = null,
        EpochSteps = Math.Max(WarmupSteps, topology.RanksPerNode + 1),
    };

    /// <summary>What a process trains before its first training: that one's first epoch, or as much of it as is bearable.</summary>
    internal TrainingPlan ForFirstOfProcess() => Untimed() with
    {
        Epochs = 1,
        EpochSteps = FirstTrainingSteps,
    };

    private TrainingPlan Untimed() => this with { LearningRate = s_rateOfWarmup, Checkpoints = null, WeightsFile = null };
}

/// <summary>How a training is saved, and from which checkpoint it goes on.</summary>
/// <param name="Series">The training's checkpoints.</param>
/// <param name="Every">When to write one; null: never.</param>
/// <param name="ResumeStep">The checkpoint to go on from, by its step; null: training starts from its first step.</param>
internal sealed record CheckpointPlan(CheckpointSeries Series, CheckpointInterval? Every, int? ResumeStep)
{
    /// <summary>Where the ranks stop, if somebody asks for it; null: nobody can.</summary>
    public IStopAgreement? Stop { get; init; }

    /// <summary>Trainings of this process that were begun before this one.</summary>
    public int Training { get; init; }

    /// <summary>Whether a rank is to stop after a step.</summary>
    internal bool StopsAfter(int step, int rank) => Stop?.StopsAt(rank, new StopPlace(Training, step)) == true;
}

/// <summary>What training came to; the same on every rank but for the hash.</summary>
/// <param name="Epochs">One entry an epoch.</param>
/// <param name="ParametersSha256">Of this rank's parameters at the end, to compare runs bit by bit.</param>
internal sealed record TrainingOutcome(IReadOnlyList<EpochResult> Epochs, string ParametersSha256);

/// <summary>An epoch's losses and qualities, over all ranks.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="TrainLoss">Mean training loss.</param>
/// <param name="HeldOut">What was measured on held-out data, in the order of the objective.</param>
/// <param name="LearningRate">Of the epoch's last step.</param>
internal sealed record EpochResult(int Epoch, double TrainLoss, IReadOnlyList<MeasuredMetric> HeldOut, double LearningRate)
{
    /// <summary>All of it as metrics are called in records.</summary>
    internal IEnumerable<(string Name, double Value)> Records() =>
    [
        (MetricNames.TrainLoss, TrainLoss),
        .. HeldOut.Select(measured => (MetricNames.HeldOut(measured.Metric.Name), measured.Value)),
        (MetricNames.LearningRate, LearningRate),
    ];

    /// <inheritdoc />
    public bool Equals(EpochResult? other) =>
        other is not null && (Epoch, TrainLoss, LearningRate) == (other.Epoch, other.TrainLoss, other.LearningRate)
            && HeldOut.SequenceEqual(other.HeldOut);

    /// <summary>All values, to the last bit.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"epoch {Epoch}: ") + string.Join(", ", Records().Select(one => FormattableString.Invariant($"{one.Name} {one.Value}")));

    /// <inheritdoc />
    public override int GetHashCode() => HashCode.Combine(Epoch, TrainLoss, LearningRate);
}

/// <summary>Told how training goes on; called by rank 0.</summary>
internal interface ITrainingObserver
{
    /// <summary>A step is done.</summary>
    /// <param name="steps">Steps done so far.</param>
    /// <param name="totalSteps">Steps of the whole training.</param>
    void StepDone(int steps, int totalSteps);

    /// <summary>An epoch is done and evaluated.</summary>
    void EpochDone(EpochResult result);
}
