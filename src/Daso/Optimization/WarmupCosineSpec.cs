using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// Linear warm-up per step, then half a cosine from the base rate to <see cref="MinimumRate"/> (Loshchilov and Hutter, arXiv
/// 1608.03983, one cycle), where it stays.
/// </summary>
[Specification("warmupCosine")]
public sealed partial record WarmupCosineSpec : LearningRateSpec
{
    /// <summary>The rate after warm-up, for one rank if it scales.</summary>
    [Above(0)]
    public required double BaseRate { get; init; }

    /// <summary>Whether the base rate is multiplied by the number of ranks.</summary>
    public bool ScaleWithRanks { get; init; }

    /// <summary>Epochs of warm-up; 0: none.</summary>
    [AtLeast(0)]
    public double WarmupEpochs { get; init; }

    /// <summary>Epochs until the minimum is reached, warm-up included.</summary>
    public required double TotalEpochs { get; init; }

    /// <summary>The rate at the end.</summary>
    [AtLeast(0)]
    public double MinimumRate { get; init; }

    /// <inheritdoc />
    public override void ValidateFor(int ranks)
    {
        if (MinimumRate > Peak(ranks))
        {
            throw new UserErrorException(
                FormattableString.Invariant($"learning rate with MinimumRate {MinimumRate}: it is above the base rate {Peak(ranks)}"));
        }
    }

    /// <inheritdoc />
    /// <exception cref="UserErrorException">A setting out of its range.</exception>
    public override ILearningRate Create(int ranks, int stepsPerEpoch)
    {
        Validate();
        ValidateFor(ranks);
        return new Schedule(Peak(ranks), MinimumRate, WarmupEpochs * stepsPerEpoch, TotalEpochs * stepsPerEpoch);
    }

    partial void ValidateTogether()
    {
        if (TotalEpochs <= WarmupEpochs)
        {
            throw new UserErrorException(FormattableString.Invariant(
                $"learning rate with TotalEpochs {TotalEpochs} and WarmupEpochs {WarmupEpochs}: make the total longer than the warm-up"));
        }
    }

    private double Peak(int ranks) => ScaleWithRanks ? BaseRate * ranks : BaseRate;

    private sealed class Schedule(double peak, double minimum, double warmupSteps, double totalSteps) : ILearningRate
    {
        public double At(long step)
        {
            if (step < warmupSteps)
                return peak * RateSettings.WarmupFactor(step, warmupSteps);
            double progress = Math.Min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
            return minimum + (peak - minimum) * 0.5 * (1 + Math.Cos(Math.PI * progress));
        }

        public void EpochEnded(double loss)
        {
        }

        public void Save(BinaryWriter writer)
        {
        }

        public void Load(BinaryReader reader)
        {
        }
    }
}
