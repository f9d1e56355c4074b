namespace Daso.Generators.Tests;

/// <summary>Specifications as a user writes them.</summary>
internal static class SpecificationSamples
{
    /// <summary>One with everything.</summary>
    public const string Rich =
        """
        using System.Text.Json.Serialization;
        using Daso.Generators.Tests.Parts;
        using Daso.Specification;

        namespace Sample.Suites;

        /// <summary>Averages now and then.</summary>
        /// <param name="Interval">Steps from one average to the next.</param>
        [Specification("average")]
        public sealed partial record AverageSpec([AtLeast(1)] int Interval = 4) : StrategySpec
        {
            /// <summary>The largest message in bytes.</summary>
            [Above(0), AtMost(1000)]
            public required long Bytes { get; init; }

            /// <summary>Weight of the <c>old</c> mean.</summary>
            [AtLeast(0), Below(1)]
            public double Weight { get; init; }

            public double? Clip { get; init; }

            [OneOf(1, 2)]
            public int Norm { get; init; } = 2;

            [AtLeast(1), NullAs(0)]
            public int? Until { get; init; }

            [OmittedWhen(false)]
            public bool IsWarm { get; init; }

            [OmittedWhen(Precision.Float32)]
            public Precision Wire { get; init; }

            [DescribedBy(nameof(LastOfPath)), JsonPropertyName("file"), JsonPropertyOrder(-1)]
            public string Path { get; init; } = "";

            public OuterSpec Outer { get; init; } = new();

            public OptimizerSpec? Optimizer { get; init; }

            public System.TimeSpan Timeout { get; init; }

            [NotInHash("changes only the speed")]
            public int Threads { get; init; } = 1;

            private string LastOfPath => Path.Substring(Path.LastIndexOf('/') + 1);

            public override IStrategy Create(StrategyContext context) => throw new System.NotSupportedException();

            partial void ValidateTogether()
            {
                if (Norm == 1 && IsWarm)
                    throw new Daso.UserErrorException("norm 1 is cold");
            }
        }

        [Specification]
        public partial record OuterSpec
        {
            public string @Class { get; init; } = "";
        }

        [Specification("half")]
        public sealed partial record HalfSpec(double Rate) : OptimizerSpec
        {
            public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients) => throw new System.NotSupportedException();
        }
        """;

    /// <summary>One mistake of each kind.</summary>
    public const string Wrong =
        """
        using System.Text.Json.Serialization;
        using Daso.Specification;

        namespace Sample.Suites;

        [Specification("a")] public sealed record NotPartial;
        [Specification("b")] public sealed partial class NoRecord;
        [Specification("c")] public abstract partial record Abstract;
        [Specification("d")] public sealed partial record Generic<T>;
        [Specification("e")] public sealed partial record WithField { private int _hidden; }
        [Specification("f")] public sealed partial record WithConstructor { public WithConstructor(int other) { } }
        [Specification("g")] public sealed partial record WithList { public int[] Steps { get; init; } = []; }
        [Specification("h")] public sealed partial record Ranges
        {
            [AtLeast(0)] public string Text { get; init; } = "";
            [AtLeast(0.5)] public int Half { get; init; }
            [AtLeast(2), Below(2)] public double Nothing { get; init; }
            [AtMost(double.NaN)] public double NotANumber { get; init; }
            [OneOf] public int NoChoice { get; init; }
            [NullAs(0)] public int NeverNull { get; init; }
            [OmittedWhen("x")] public int Omitted { get; init; }
            [OmittedWhen(1)] public int? Twice { get; init; }
            [DescribedBy("Text")] public int Described { get; init; }
        }
        [Specification("i")] public sealed partial record Names
        {
            public string Kind { get; init; } = "";
            public int First { get; init; }
            [JsonPropertyName("first")] public int Second { get; init; }
        }
        [Specification("j")] public sealed partial record LeftOut
        {
            [NotInHash("")] public int NoReason { get; init; }
            [NotInHash("changes only the speed")] public required int NoDefault { get; init; }
        }
        [Specification("k")] public sealed partial record HalfSpec(double Rate) : OptimizerSpec
        {
            public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients) => throw new System.NotSupportedException();
        }
        [Specification("k")] public sealed partial record ThirdSpec(double Rate) : OptimizerSpec
        {
            public override IOptimizer Create(FlatTensor parameters, FlatTensor gradients) => throw new System.NotSupportedException();
            public override void Validate() { }
        }
        public sealed record Plain { [AtLeast(1)] public int Steps { get; init; } = 1; }
        """;
}
