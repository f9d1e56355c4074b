using Daso.Specification;

namespace Daso.Optimization;

/// <summary>One learning rate for all steps.</summary>
/// <param name="Rate">Per step, above 0.</param>
public sealed record ConstantRateSpec(double Rate) : LearningRateSpec
{
    /// <inheritdoc />
    /// <exception cref="UserErrorException">The rate is not above 0.</exception>
    public override void Validate() => RateSettings.RequireRate(nameof(Rate), Rate);

    /// <inheritdoc />
    public override ILearningRate Create(int ranks, int stepsPerEpoch)
    {
        Validate();
        return new Constant(Rate);
    }

    /// <inheritdoc />
    public override void Describe(SpecificationWriter writer) => writer.Add("kind", "constant").Add("rate", Rate);

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
