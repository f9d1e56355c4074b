namespace Daso.Generators.Tests;

/// <summary>Sources that tests compile against the real library.</summary>
internal static class Samples
{
    /// <summary>An experiment that uses every attribute and every type of parameter.</summary>
    public const string Rich =
        """
        using Daso.Generators.Tests.Parts;

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
        [Tier("tiny", Epochs = 1, Steps = 20)]
        [Reference("laptop", "ddp", "quality", 0.96, Lower = -0.1, Upper = 0.05)]
        [Reference("laptop", "ddp", "step-time", 12, Upper = 0.2, Unit = "ms", Tier = "tiny")]
        [Tags("nightly", "gpu")]
        public sealed partial class DigitsTiny
        {
            /// <summary>Samples a rank sees in one step.</summary>
            [Params(16, 32)]
            [TierParams("tiny", 4)]
            public int BatchPerRank { get; init; }

            /// <summary>See <see cref="OptimizerSpec.Create(FlatTensor, FlatTensor)"/> of <c>SGD</c>.</summary>
            [Params(0.9, 1)]
            public required double Momentum { get; set; }

            [Params(Precision.BFloat16, Precision.Float32, Option = "wire")]
            public Precision Format { get; init; }

            [Params("ring", "tree")]
            internal string Collective { get; init; } = "";

            [Params(true)]
            private bool Overlap { get; init; }

            [ParamsSource(nameof(Widths))]
            public int Width { get; init; }

            private static int[] Widths { get; } = [8, 16];

            private TinyModel Network => new(Overlap ? 2 : 1);

            private TinyData Digits() => new() { BatchPerRank = BatchPerRank };

            private OptimizerSpec Sgd => new TinyOptimizer(Momentum);

            private static LearningRateSpec Rate => new TinyRate(0.1);

            private TinyStrategy Ddp => new(Collective);

            private TinyStrategy Daso => new($"{Format} {Width}");
        }
        """;

    /// <summary>A class with many mistakes.</summary>
    public const string Wrong =
        """
        using Daso.Generators.Tests.Parts;

        namespace Sample.Suites;

        [Experiment("Digits Tiny", Suite = "quickstart")]
        [Model(nameof(Network))]
        [Data("Digitz")]
        [Optimizer(nameof(Sgd))]
        [Strategy("ddp", nameof(Ddp))]
        [Strategy("ddp", nameof(Ddp))]
        [Seeds(1, 2, 1)]
        [Epochs(0)]
        [Link("fast")]
        [Target("acuracy", AtLeast = 0.95)]
        [Tier("tiny")]
        [Reference("laptop", "daso", "step-time", 12, Lower = 0.1, Upper = -0.1)]
        public sealed class DigitsTiny
        {
            [Params(16, "32", 16)]
            public int BatchPerRank { get; }

            [Params]
            public double Momentum { get; init; }

            [Params(true, Option = "link"), TierParams("small", false)]
            public bool Overlap { get; init; }

            private static TinyData Network => new();
            private static TinyOptimizer Sgd => new(0.9);
            private static TinyStrategy Ddp => new("ddp");
        }
        """;

    /// <summary>The smallest experiment.</summary>
    public static string Small(string className, string name, string suite = "quickstart", string body = "") =>
        $$"""
        using Daso.Generators.Tests.Parts;

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
