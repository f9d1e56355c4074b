using Daso.Data;
using Daso.Models;
using Daso.Optimization;

namespace Daso.Suites.Quickstart;

/// <summary>A small GPT on a novel, byte by byte, in 10 epochs of 18 steps on 4 ranks.</summary>
internal static class NovelWorkload
{
    internal const int Epochs = 10;

    private const int Context = 64;

    internal static ModelSpec Network => new TransformerSpec { Vocabulary = TextFile.Vocabulary, Context = Context, Layers = 2, Heads = 4, Width = 128 };

    internal static OptimizerSpec Optimizer => new AdamWSpec { Beta2 = 0.95 };

    internal static WarmupCosineSpec Rate => new WarmupCosineSpec { BaseRate = 2e-3, WarmupEpochs = 2, TotalEpochs = Epochs };

    internal static DataSpec Data(int sequencesPerRank) => new TextFile
    {
        File = Path.Combine(DataFolder.Of("moby-dick"), "moby-dick.txt.gz"),
        SequenceLength = Context,
        HeldOutFraction = 0.02,
        SamplesPerEpoch = 288,
        BatchPerRank = sequencesPerRank,
    };
}
