using Daso.Specification;

namespace Daso.Optimization;

/// <summary>One learning rate for all steps.</summary>
/// <param name="Rate">Per step, above 0.</param>
[Specification("constant")]
public sealed partial record ConstantRateSpec([Above(0)] double Rate) : LearningRateSpec
{
    /// <inheritdoc />
    public override ILearningRate Create(int ranks, int stepsPerEpoch)
    {
        Validate();
        return new Constant(Rate);
    }

    private sealed class Constant(double rate) : ILearningRate
    {
        public double At(long step) => rate;

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
