using System.Text.Json.Serialization;

namespace Daso.Analysis;

/// <summary>One training in numbers.</summary>
internal sealed record CellSummary
{
    /// <summary>The seed.</summary>
    public required int Seed { get; init; }

    /// <summary>Steps trained.</summary>
    public required int Steps { get; init; }

    /// <summary>Images or tokens trained on, of all ranks.</summary>
    public required double Items { get; init; }

    /// <summary>
    /// Training time: over the epochs, the sum of the slowest rank's time from the first span of the epoch to the last, without
    /// evaluation.
    /// </summary>
    public required long TrainingNs { get; init; }

    /// <summary>Training time over the baseline's with the same seed; null: that is missing.</summary>
    public double? RelativeTraining { get; init; }

    /// <summary>Images or tokens of all ranks over the training time.</summary>
    public required double ItemsPerSecond { get; init; }

    /// <summary>Epochs up to the first whose quality reaches the target; null: missed, or no target.</summary>
    public required int? EpochsToTarget { get; init; }

    /// <summary>Training time up to the end of the first epoch whose quality reaches the target; null: missed, or no target.</summary>
    public required long? TimeToTargetNs { get; init; }

    /// <summary>The quality after the last epoch; null: not measured.</summary>
    public required double? FinalQuality { get; init; }

    /// <summary>Bytes that a node sent to other nodes in a step; mean over nodes and steps.</summary>
    public required double BytesPerNodeStep { get; init; }

    /// <summary>Share of step time in averaging or broadcasting inside the node; over all ranks.</summary>
    public required double LocalWaitShare { get; init; }

    /// <summary>Share of step time in waiting for other nodes; over all ranks.</summary>
    public required double GlobalWaitShare { get; init; }

    /// <summary>Managed bytes that a rank allocated in a step, median over ranks and steps; null: not measured.</summary>
    public required double? AllocatedBytesPerStep { get; init; }

    /// <summary>Garbage collections during timed steps.</summary>
    public required Collections Collections { get; init; }

    /// <summary>Where it was stopped from outside; null: nowhere.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Stops? Stops { get; init; }

    /// <summary>Where the time of its steps went.</summary>
    public required StepBreakdown Breakdown { get; init; }

    /// <summary>The rank that the others wait for; null: none in particular.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public LateRank? Late { get; init; }

    /// <summary>The slowest rank's time of each step, in nanoseconds; too many for summary.json.</summary>
    internal double[] StepsNs { get; init; } = [];

    /// <summary>Those of <see cref="StepsNs"/> in which nothing was stopped from outside.</summary>
    internal IEnumerable<double> UndisturbedStepsNs =>
        Stops is null ? StepsNs : StepsNs.Where((_, step) => !Stops.LeftOut.Contains(step));

    /// <summary>What was measured after each epoch; the curves, too long for summary.json.</summary>
    internal IReadOnlyList<EpochPoint> Epochs { get; init; } = [];

    /// <summary>What a prediction starts from; null: none were trained.</summary>
    internal PhaseTimes? Phases { get; init; }

    /// <summary>When rank 0 trained and evaluated each epoch.</summary>
    internal IReadOnlyList<EpochClock> Clock { get; init; } = [];

    /// <summary>The steps in blocks; null: none were trained.</summary>
    internal StepBlocks? Blocks { get; init; }
}
