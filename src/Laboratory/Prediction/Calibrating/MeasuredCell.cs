namespace Daso.Prediction.Calibrating;

/// <summary>One strategy on one experiment in one run: what was measured, and what a prediction of it starts from.</summary>
internal sealed record MeasuredCell
{
    /// <summary>The run's folder as the user named it.</summary>
    public required string Run { get; init; }

    /// <summary>The experiment's variant.</summary>
    public required string Experiment { get; init; }

    /// <summary>The strategy's name in the run.</summary>
    public required string Strategy { get; init; }

    /// <summary>The run's cluster and link, before anything is fitted.</summary>
    public required SystemSpec System { get; init; }

    /// <summary>The strategy, over the whole training with the losses that it saw.</summary>
    public required ModelledStrategy Model { get; init; }

    /// <summary>Epochs and steps.</summary>
    public required TrainingLength Length { get; init; }

    /// <summary>The model's gradients.</summary>
    public required IReadOnlyList<GradientTensor> Gradients { get; init; }

    /// <summary>Training time over steps, mean over seeds.</summary>
    public required double StepNs { get; init; }

    /// <summary>Where the time went.</summary>
    public required PhaseTimes Phases { get; init; }

    /// <summary>The link as a user would write it.</summary>
    public required string Link { get; init; }

    /// <summary>How many ranks' computing shares a core: 1 where each has its own.</summary>
    public double RanksPerCore => System.SharedCores is int cores ? Math.Max(1, (double)System.Ranks / cores) : 1;
}

/// <summary>Spans of a cell, per rank and step, in nanoseconds.</summary>
/// <param name="ForwardNs">Mean of forward.</param>
/// <param name="BackwardNs">Mean of backward.</param>
/// <param name="OptimizerNs">Mean of the update.</param>
/// <param name="OtherNs">Mean of data and of what no span covers, between the steps too.</param>
/// <param name="CopyNs">Mean of one packing or merging, where there was any.</param>
/// <param name="JitterPerStep">Deviation of computing from step to step, as a share.</param>
/// <param name="JitterPerRank">Deviation of the ranks' means, as a share.</param>
internal sealed record PhaseTimes(
    double ForwardNs, double BackwardNs, double OptimizerNs, double OtherNs, double? CopyNs, double JitterPerStep, double JitterPerRank);
