using Daso.Specification;

namespace Daso.Optimization;

/// <summary>
/// The learning rate of DASO's reference on ImageNet to the letter (heat, examples/nn/imagenet-DASO.py): at batch b of n in epoch
/// e &lt; W of warm-up it is BaseRate·(P − 1)·(e + (b + 1)/n)/(W + 1) for P ranks, so that with W = 5 it ends at 0.0104·(P − 1) and stays
/// there; then × <see cref="Factor"/> each time the training loss has plateaued (torch.optim.lr_scheduler.ReduceLROnPlateau, mode min,
/// relative threshold). The losses of the warm-up's epochs are judged, too; what a plateau would change before its last epoch ends, the
/// next batch of the warm-up sets anew.
/// </summary>
[Specification("heatImageNet")]
public sealed partial record HeatRateSpec : LearningRateSpec
{
    /// <summary>torch's eps: a smaller change of the rate is none.</summary>
    private const double SmallestChange = 1e-8;

    /// <summary>The rate that P − 1 and the warm-up multiply.</summary>
    [Above(0)]
    public double BaseRate { get; init; } = 0.0125;

    /// <summary>W: epochs of warm-up.</summary>
    [AtLeast(1)]
    public int WarmupEpochs { get; init; } = 5;

    /// <summary>What a plateau leaves of the rate.</summary>
    [Above(0), Below(1)]
    public double Factor { get; init; } = 0.5;

    /// <summary>Epochs without improvement that are borne; one more is a plateau.</summary>
    [AtLeast(0)]
    public int Patience { get; init; } = 5;

    /// <summary>The relative improvement that counts.</summary>
    [AtLeast(0), Below(1)]
    public double Threshold { get; init; } = 0.05;

    /// <summary>No plateau takes the rate below it.</summary>
    [AtLeast(0)]
    public double MinimumRate { get; init; } = 1e-4;

    /// <inheritdoc />
    public override void ValidateFor(int ranks)
    {
        if (ranks < 2)
            throw new UserErrorException("heat's learning rate is a multiple of ranks − 1, 0 for one rank: take more ranks, or another recipe");
    }

    /// <inheritdoc />
    public override ILearningRate Create(int ranks, int stepsPerEpoch)
    {
        Validate();
        ValidateFor(ranks);
        return new Schedule(this, BaseRate * (ranks - 1), stepsPerEpoch);
    }

    private sealed class Schedule(HeatRateSpec spec, double scaled, int stepsPerEpoch) : ILearningRate
    {
        private double _rate = scaled * spec.WarmupEpochs / (spec.WarmupEpochs + 1);
        private double _best = double.PositiveInfinity;
        private int _badEpochs;
        private int _epoch;

        public double At(long step)
        {
            (long epoch, long batch) = Math.DivRem(step, stepsPerEpoch);
            return epoch < spec.WarmupEpochs
                ? scaled * (epoch + (batch + 1.0) / stepsPerEpoch) / (spec.WarmupEpochs + 1)
                : _rate;
        }

        public void EpochEnded(double loss)
        {
            _epoch++;
            _badEpochs = loss < _best * (1 - spec.Threshold) ? 0 : _badEpochs + 1;
            if (_badEpochs == 0)
                _best = loss;
            if (_badEpochs <= spec.Patience)
                return;
            _badEpochs = 0;
            double lower = Math.Max(_rate * spec.Factor, spec.MinimumRate);
            if (_epoch >= spec.WarmupEpochs && _rate - lower > SmallestChange)
                _rate = lower;
        }

        public void Save(BinaryWriter writer)
        {
            writer.Write(_rate);
            writer.Write(_best);
            writer.Write(_badEpochs);
            writer.Write(_epoch);
        }

        public void Load(BinaryReader reader)
        {
            _rate = reader.ReadDouble();
            _best = reader.ReadDouble();
            _badEpochs = reader.ReadInt32();
            _epoch = reader.ReadInt32();
        }
    }
}
