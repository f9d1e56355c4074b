namespace Daso.Generators.Tests;

/// <summary>Sources that tests compile against the real library.</summary>
internal static class Samples
{
    /// <summary>Specifications to name in attributes.</summary>
    public const string Parts =
        """
        namespace Sample.Parts;

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
            public override IOptimizer Create(Replica replica) => throw new NotSupportedException();
            public override void Describe(SpecificationWriter writer) => writer.Add("momentum", Momentum);
        }

        public sealed record TinyRate(double Rate) : LearningRateSpec
        {
            public override ILearningRate Create(int ranks, int stepsPerEpoch) => throw new NotSupportedException();
            public override void Describe(SpecificationWriter writer) => writer.Add("rate", Rate);
        }

        public sealed record TinyStrategy(string Kind) : Daso.Strategies.StrategySpec
        {
            public override IStrategy Create(StrategyContext context) => throw new NotSupportedException();
            public override void Describe(SpecificationWriter writer) => writer.Add("kind", Kind);
        }

        public enum Precision { Float32, BFloat16 }
        """;

    /// <summary>An experiment that uses every attribute and every type of parameter.</summary>
    public const string Rich =
        """
        using Sample.Parts;

        namespace Sample.Suites;

        /// <summary>
        /// A tiny network on <see cref="TinyData"/>: "quotes", a \ and
        /// a second line.
        /// </summary>
        [Experiment("digits-tiny", Suite = "quickstart")]
        [Model(nameof(Network))]
        [Data(nameof(Digits))]
        [Optimizer(nameof(Sgd))]
        [LearningRate(nameof(Rate))]
        [Strategy("ddp", nameof(Ddp), Baseline = true)]
        [Strategy("daso", nameof(Daso))]
        [Seeds(7, 2)]
        [Epochs(4)]
        [Link("1gbit,50us")]
        [Target("accuracy", AtLeast = 0.95)]
        public sealed partial class DigitsTiny
        {
            /// <summary>Samples a rank sees in one step.</summary>
            [Params(16, 32)]
            public int BatchPerRank { get; init; }

            /// <summary>See <see cref="OptimizerSpec.Create(Replica)"/> of <c>SGD</c>.</summary>
            [Params(0.9, 1)]
            public required double Momentum { get; set; }

            [Params(Precision.BFloat16, Precision.Float32, Option = "wire")]
            public Precision Format { get; init; }

            [Params("ring", "tree")]
            internal string AllReduce { get; init; } = "";

            [Params(true)]
            private bool Overlap { get; init; }

            private TinyModel Network => new(Overlap ? 2 : 1);

            private TinyData Digits() => new() { BatchPerRank = BatchPerRank };

            private OptimizerSpec Sgd => new TinyOptimizer(Momentum);

            private static LearningRateSpec Rate => new TinyRate(0.1);

            private TinyStrategy Ddp => new(AllReduce);

            private TinyStrategy Daso => new(Format.ToString());
        }
        """;

    /// <summary>The smallest experiment.</summary>
    public static string Small(string className, string name, string suite = "quickstart", string body = "") =>
        $$"""
        using Sample.Parts;

        namespace Sample.Suites;

        [Experiment("{{name}}", Suite = "{{suite}}")]
        [Model(nameof(Network)), Data(nameof(Digits)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
        [Strategy("ddp", nameof(Ddp), Baseline = true)]
        [Epochs(1)]
        public partial class {{className}}
        {
            private static TinyModel Network => new(1);
            private static TinyData Digits => new() { BatchPerRank = 1 };
            private static TinyOptimizer Sgd => new(0.9);
            private static TinyRate Rate => new(0.1);
            private static TinyStrategy Ddp => new("ddp");
            {{body}}
        }
        """;
}
