using Daso.Strategies;

namespace Daso.Reproduction;

/// <summary>How long a training is and how DASO's phases lie in it.</summary>
/// <param name="Epochs">Epochs of the whole training.</param>
/// <param name="SamplesPerEpoch">Samples of the data set; an incomplete last batch is dropped.</param>
/// <param name="Schedule">DASO's schedule.</param>
internal sealed record TrainingRecipe(int Epochs, int SamplesPerEpoch, DasoSettings Schedule)
{
    /// <summary>
    /// The paper's ImageNet recipe as the submission's code has it: 90 epochs, 4 of warm-up, 5 of cool-down, at most 4 batches between
    /// synchronisations (heat, branch features/584-DataParallel-submission); ImageNet has 1,281,167 training images.
    /// </summary>
    internal static TrainingRecipe ImageNet { get; } =
        new(90, 1_281_167, new DasoSettings { WarmupEpochs = 4, CooldownEpochs = 5, MaxGlobalSkips = 4 });

    /// <summary>The skips in force in each epoch.</summary>
    internal IReadOnlyList<DasoSkips> SkipsOfEpochs(LossCourse course)
    {
        double better = course == LossCourse.AlwaysBetter ? 1 - (2 * Schedule.Stability) : 1;
        double[] losses = [.. Enumerable.Range(0, Epochs).Select(epoch => Math.Pow(better, epoch))];
        // A row tells the skips of the epoch after it; the first epoch is one of the warm-up.
        return [default, .. ScheduledEpoch.Of(Schedule, losses, Epochs).SkipLast(1).Select(row => row.Next)];
    }
}
