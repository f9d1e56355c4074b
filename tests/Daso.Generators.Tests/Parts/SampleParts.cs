using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Generators.Tests.Parts;

/// <summary>A model that samples name in attributes; their compilations reference this assembly.</summary>
public sealed record TinyModel(int Width) : ModelSpec
{
    public override LayeredModel Build(int seed) => throw new NotSupportedException();

    public override void Describe(SpecificationWriter writer) => writer.Add("width", Width);
}

public sealed record TinyData : DataSpec
{
    public override IDataset Open() => throw new NotSupportedException();

    public override void Describe(SpecificationWriter writer) => writer.Add("batch", BatchPerRank);
}

public sealed record TinyOptimizer(double Momentum) : OptimizerSpec
{
    public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients) => throw new NotSupportedException();

    public override void Describe(SpecificationWriter writer) => writer.Add("momentum", Momentum);
}

public sealed record TinyRate(double Rate) : LearningRateSpec
{
    public override ILearningRate Create(int ranks, int stepsPerEpoch) => throw new NotSupportedException();

    public override void Describe(SpecificationWriter writer) => writer.Add("rate", Rate);
}

public sealed record TinyStrategy(string Kind) : StrategySpec
{
    public override IStrategy Create(StrategyContext context) => throw new NotSupportedException();

    public override void Describe(SpecificationWriter writer) => writer.Add("kind", Kind);
}

public enum Precision
{
    Float32,
    BFloat16,
}
