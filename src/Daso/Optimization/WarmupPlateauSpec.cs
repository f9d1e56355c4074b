using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// Linear warm-up per step, then × <see cref="Factor"/> each time the training loss has plateaued, down to <see cref="MinimumRate"/>.
/// The defaults are those of the reference's ImageNet recipe. Losses of epochs that the warm-up reaches into are not judged.
/// </summary>
[Specification("warmupPlateau")]
public sealed partial record WarmupPlateauSpec : LearningRateSpec
{
    /// <summary>The rate after warm-up, for one rank if it scales.</summary>
    [Above(0)]
    public required double BaseRate { get; init; }

    /// <summary>Whether the base rate is multiplied by the number of ranks.</summary>
    public bool ScaleWithRanks { get; init; }

    /// <summary>Epochs of warm-up; 0: none.</summary>
    [AtLeast(0)]
    public double WarmupEpochs { get; init; } = 5;

    /// <summary>What a plateau leaves of the rate, above 0 and below 1.</summary>
    [Above(0), Below(1)]
    public double Factor { get; init; } = 0.5;

    /// <summary>Epochs without improvement that are borne.</summary>
    [AtLeast(0)]
    public int Patience { get; init; } = 5;

    /// <summary>The relative improvement that counts, from 0 to below 1; see <see cref="PlateauDetector"/>.</summary>
    [AtLeast(0), Below(1)]
    public double Threshold { get; init; } = 0.05;

    /// <summary>No plateau takes the rate below it.</summary>
    [AtLeast(0)]
    public double MinimumRate { get; init; } = 1e-4;

    /// <inheritdoc />
    public override ILearningRate Create(int ranks, int stepsPerEpoch)
    {
        Validate();
        return new Schedule(this, ScaleWithRanks ? BaseRate * ranks : BaseRate, WarmupEpochs * stepsPerEpoch);
    }

    private sealed class Schedule(WarmupPlateauSpec spec, double rate, double warmupSteps) : ILearningRate
    {
        private readonly PlateauDetector _detector = new(spec.Threshold, spec.Patience);
        private double _rate = rate;
        private int _epoch;

        public double At(long step) => _rate * RateSettings.WarmupFactor(step, warmupSteps);

        public void EpochEnded(double loss)
        {
            bool warm = _epoch++ >= spec.WarmupEpochs;
            if (warm && _detector.Observe(loss))
                _rate = Math.Min(_rate, Math.Max(_rate * spec.Factor, spec.MinimumRate));
        }

        public void Save(BinaryWriter writer)
        {
            writer.Write(_rate);
            writer.Write(_epoch);
            _detector.Save(writer);
        }

        public void Load(BinaryReader reader)
        {
            _rate = reader.ReadDouble();
            _epoch = reader.ReadInt32();
            _detector.Load(reader);
        }
    }
}
