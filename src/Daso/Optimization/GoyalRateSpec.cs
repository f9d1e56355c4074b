using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// The common learning rate of large batches on ImageNet (Goyal et al., arXiv 1706.02677, sections 2.1, 2.2 and 5.1): the reference rate
/// grows linearly with the batch of all ranks, is reached in equal increments a step from the reference rate itself, and is divided by 10
/// after epochs 30, 60 and 80.
/// </summary>
[Specification("goyalImageNet")]
public sealed partial record GoyalRateSpec : LearningRateSpec
{
    /// <summary>Images of a rank in a step, as the data has it.</summary>
    [AtLeast(1)]
    public required int BatchPerRank { get; init; }

    /// <summary>η: the rate of <see cref="ReferenceBatch"/> images a step.</summary>
    [Above(0)]
    public double ReferenceRate { get; init; } = 0.1;

    /// <summary>Images a step for which the reference rate holds.</summary>
    [AtLeast(1)]
    public int ReferenceBatch { get; init; } = 256;

    /// <summary>Epochs of warm-up; 0: none.</summary>
    [AtLeast(0)]
    public int WarmupEpochs { get; init; } = 5;

    /// <summary>The epoch, from 0, that is the first with a lower rate.</summary>
    [AtLeast(0)]
    public int FirstDecay { get; init; } = 30;

    /// <summary>The second.</summary>
    [AtLeast(0)]
    public int SecondDecay { get; init; } = 60;

    /// <summary>The third.</summary>
    [AtLeast(0)]
    public int ThirdDecay { get; init; } = 80;

    /// <summary>What each of them leaves of the rate.</summary>
    [Above(0), Below(1)]
    public double Factor { get; init; } = 0.1;

    /// <inheritdoc />
    public override ILearningRate Create(int ranks, int stepsPerEpoch)
    {
        Validate();
        return new Schedule(this, ReferenceRate * ((double)ranks * BatchPerRank / ReferenceBatch), stepsPerEpoch);
    }

    partial void ValidateTogether()
    {
        if (!(WarmupEpochs <= FirstDecay && FirstDecay < SecondDecay && SecondDecay < ThirdDecay))
        {
            throw new UserErrorException(
                $"{nameof(GoyalRateSpec)}: warm-up to epoch {WarmupEpochs} and decays at {FirstDecay}, {SecondDecay}, {ThirdDecay}; "
                + "they must follow on each other");
        }
    }

    private sealed class Schedule(GoyalRateSpec spec, double peak, int stepsPerEpoch) : ILearningRate
    {
        public double At(long step)
        {
            long warmupSteps = (long)spec.WarmupEpochs * stepsPerEpoch;
            if (step < warmupSteps)
            {
                // A batch below the reference's needs no warm-up.
                double start = Math.Min(spec.ReferenceRate, peak);
                return start + (peak - start) * step / warmupSteps;
            }

            long epoch = step / stepsPerEpoch;
            int decays = epoch < spec.FirstDecay ? 0 : epoch < spec.SecondDecay ? 1 : epoch < spec.ThirdDecay ? 2 : 3;
            return peak * Math.Pow(spec.Factor, decays);
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
