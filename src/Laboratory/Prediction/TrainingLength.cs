using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>How much training is simulated.</summary>
/// <param name="Epochs">Epochs; all ranks meet at the end of each.</param>
/// <param name="StepsPerEpoch">Steps in each.</param>
public sealed record TrainingLength(int Epochs, int StepsPerEpoch)
{
    /// <summary>
    /// DASO's schedule, which then decides what each step does; null: the phase that <see cref="DasoModel.Skips"/> says, all along.
    /// </summary>
    public DasoSettings? DasoSchedule { get; init; }

    /// <summary>The epochs' losses, which the schedule looks at; empty: ones that never plateau.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>All steps.</summary>
    public int Steps => Epochs * StepsPerEpoch;

    internal IReadOnlyList<double> LossesOfEpochs() =>
        [.. Enumerable.Range(0, Epochs).Select(epoch => epoch < Losses.Count ? Losses[epoch] : Math.Pow(0.5, epoch))];
}
