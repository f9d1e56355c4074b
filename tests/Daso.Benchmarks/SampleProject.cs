using Microsoft.CodeAnalysis;

namespace Daso.Benchmarks;

/// <summary>A project of experiments like those of the quickstart suite.</summary>
internal static class SampleProject
{
    /// <summary>What this program itself can load.</summary>
    internal static MetadataReference[] References { get; } =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>A file without experiments.</summary>
    internal static string Program(int seed) =>
        $$"""
        using Daso.CommandLine;

        internal static class Program
        {
            private static async System.Threading.Tasks.Task<int> Main(string[] args)
            {
                int seed = {{seed}};
                return await DasoApp.RunAsync(args, Sample.SuiteRegistry.Experiments) + seed;
            }
        }
        """;

    /// <summary>The file of one experiment.</summary>
    internal static string Experiment(int index) =>
        $$"""
        using Daso.Baselines;
        using Daso.Data;
        using Daso.Experiments;
        using Daso.Models;
        using Daso.Optimization;
        using Daso.Strategies;

        namespace Sample.Suites;

        /// <summary>A small ResNet-18 learns waves, form {{index}}.</summary>
        [Experiment("waves-{{index}}", Suite = "waves")]
        [Model(nameof(Network)), Data(nameof(Waves)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
        [Strategy("ddp", nameof(Ddp), Baseline = true)]
        [Strategy("horovod", nameof(Horovod))]
        [Strategy("daso", nameof(Daso))]
        [Link("500mbit,50us"), Seeds(1, 2), Epochs(5), Target("accuracy", AtLeast = 0.94)]
        public sealed partial class Waves{{index}}
        {
            /// <summary>Images a rank and step.</summary>
            [Params(16, 32)]
            public int BatchPerRank { get; init; }

            /// <summary>Momentum of the optimizer.</summary>
            [Params(0.9)]
            public double Momentum { get; init; }

            /// <summary>How the network begins.</summary>
            [Params(StemKind.SmallImage, StemKind.Standard)]
            public StemKind Stem { get; init; }

            private ModelSpec Network => new ResNetSpec { Depth = 18, Width = 16, Classes = 10, Stem = Stem };

            private DataSpec Waves => new SyntheticImages { Size = 32, Classes = 10, BatchPerRank = BatchPerRank };

            private OptimizerSpec Sgd => new SgdSpec(Momentum, WeightDecay: 1e-4);

            private LearningRateSpec Rate => new WarmupPlateauSpec { BaseRate = 0.0125, ScaleWithRanks = true, WarmupEpochs = 1 };

            private StrategySpec Ddp => new DdpSpec();

            private StrategySpec Horovod => new HorovodSpec();

            private StrategySpec Daso => new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };
        }
        """;
}
