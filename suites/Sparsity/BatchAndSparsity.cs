using Daso.Baselines;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Suites.Sparsity;

/// <summary>How many steps a small ResNet needs for handwritten digits, over batch sizes and shares of weights that are 0.</summary>
[Experiment("batch-and-sparsity", Suite = "sparsity")]
[Model(nameof(Network)), Data(nameof(Digits)), Optimizer(nameof(Pruned)), LearningRate(nameof(Rate))]
[Strategy("ddp", nameof(Ddp), Baseline = true)]
[Seeds(1, 2, 3), Epochs(60), Target("accuracy", AtLeast = 0.9)]
[Tier("tiny", Epochs = 6)]
public sealed partial class BatchAndSparsity
{
    /// <summary>Images a rank and step.</summary>
    [Params(2, 4, 8, 16, 32, 64), TierParams("tiny", 4, 16)]
    public int BatchPerRank { get; init; }

    /// <summary>The share of parameters that are 0.</summary>
    [Params(0.0, 0.5, 0.7, 0.9), TierParams("tiny", 0.0, 0.9)]
    public double Sparsity { get; init; }

    /// <summary>The learning rate for one image a rank and step; it grows with the batch up to the largest.</summary>
    [Params(0.002)]
    public double RatePerImage { get; init; }

    /// <summary>The largest learning rate.</summary>
    [Params(0.05)]
    public double LargestRate { get; init; }

    private ModelSpec Network => new ResNetSpec { Depth = 18, InputChannels = 1, Width = 8, Classes = 10 };

    // An epoch is as many images whatever the batch, few enough to see the target reached within a few steps.
    private DataSpec Digits => new IdxImages { Folder = DataFolder.Of("mnist-10k"), Classes = 10, SamplesPerEpoch = 512, BatchPerRank = BatchPerRank };

    private OptimizerSpec Pruned => new PrunedSpec { Optimizer = new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4), Sparsity = Sparsity };

    private LearningRateSpec Rate => new ConstantRateSpec(Math.Min(LargestRate, RatePerImage * BatchPerRank));

    private StrategySpec Ddp => new DdpSpec();
}
