using Daso.Baselines;
using Daso.Cluster;
using Daso.Data;
using Daso.Experiments;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;
using Daso.Training;
using static TorchSharp.torch;

namespace Daso.Tests.Experiments;

/// <summary>What a suite's definitions and a user's options make a plan of.</summary>
public class SuitePlanTests
{
    private static readonly RunOptions s_options = new() { Topology = new Topology(2, 2) };

    [Fact]
    public void A_tier_replaces_what_it_sets_and_options_replace_the_tier()
    {
        ExperimentVariant own = Only(s_options);
        ExperimentVariant tiny = Only(s_options with { Tier = "tiny" });
        ExperimentVariant overridden = Only(s_options with { Tier = "tiny", Steps = 5, Epochs = 3 });

        Assert.Equal((90, null), (own.Epochs, own.Steps));
        Assert.Equal((90, 20), (tiny.Epochs, tiny.Steps));
        Assert.Equal((3, 5), (overridden.Epochs, overridden.Steps));
        Assert.Equal(3, new[] { own, tiny, overridden }.Select(variant => variant.SpecificationHash).Distinct().Count());
    }

    [Fact]
    public void A_tier_sets_a_parameter_and_an_option_replaces_that()
    {
        var tier = new TierDefinition("tiny", null, null) { Parameters = [new TierParameter("batch", ["4", "8"])] };
        var given = new Dictionary<string, IReadOnlyList<string>> { ["batch"] = ["2"] };

        Assert.Equal(["4", "8"], Batches(s_options with { Tier = "tiny" }));
        Assert.Equal(["2"], Batches(s_options with { Tier = "tiny", Parameters = given }));
        Assert.Equal(["16"], Batches(s_options));

        IEnumerable<string> Batches(RunOptions options) => Expand(options, Define(["16"], [tier])).Select(variant => variant.Values.Text("batch"));
    }

    [Fact]
    public void An_experiment_of_steps_has_no_epochs_unless_they_are_given()
    {
        Assert.Equal((null, 200), LengthOf(s_options));
        Assert.Equal((null, 20), LengthOf(s_options with { Tier = "tiny" }));
        Assert.Equal((null, 5), LengthOf(s_options with { Tier = "tiny", Steps = 5 }));
        Assert.Equal((3, null), LengthOf(s_options with { Epochs = 3 }));

        (int? Epochs, int? Steps) LengthOf(RunOptions options)
        {
            ExperimentVariant variant = Assert.Single(Expand(options, Define(["16"], [new TierDefinition("tiny", null, 20)], null, 200)));
            return (variant.Epochs, variant.Steps);
        }
    }

    [Fact]
    public void What_an_experiment_does_not_say_of_objective_and_precision_changes_no_hash()
    {
        ExperimentVariant usual = Only(s_options);
        ExperimentVariant said = With(setup => setup with { Objective = new CrossEntropySpec(), Precision = new PrecisionSpec() });
        ExperimentVariant other = With(setup => setup with { Objective = new CrossEntropySpec { MoreMetrics = [new Length()] } });

        Assert.Equal(usual.SpecificationHash, said.SpecificationHash);
        Assert.NotEqual(usual.SpecificationHash, other.SpecificationHash);
        Assert.DoesNotContain("objective", SpecificationWriter.ToJson(usual).ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_precision_of_the_command_line_takes_the_place_of_the_experiments_and_is_in_the_hash()
    {
        ExperimentVariant said = With(setup => setup with { Precision = PrecisionSpec.Named("bfloat16") });
        ExperimentVariant given = Only(s_options with { Precision = PrecisionSpec.Named("bfloat16") });

        Assert.NotEqual(Only(s_options).SpecificationHash, given.SpecificationHash);
        Assert.Equal(said.SpecificationHash, given.SpecificationHash);
        Assert.Equal(Only(s_options).SpecificationHash, Only(s_options with { Precision = PrecisionSpec.Named("float32") }).SpecificationHash);
    }

    [Fact]
    public void Tf32_is_refused_on_the_processor()
    {
        RunOptions options = s_options with { Precision = PrecisionSpec.Named("tf32") };

        Assert.Equal(
            "digits: precision tf32 is of NVIDIA's GPUs; with --device cpu take float32 or bfloat16",
            Assert.Throws<UserErrorException>(() => Only(options)).Message);
        Assert.Equal(NumberFormat.Tf32, Only(options with { Device = "cuda" }).Setup.Precision.Compute);
    }

    [Fact]
    public void Float16_refuses_strategies_that_keep_gradients()
    {
        ExperimentVariant In(PrecisionSpec precision) => With(
            setup => setup with { Strategies = [new PhasesSpec(new DdpSpec(), 5, new PowerSgdSpec())], Precision = precision });

        Assert.StartsWith(
            "digits: strategy ddp keeps parts of gradients for later steps, and float16's loss scaling changes their scale; take bfloat16",
            Assert.Throws<UserErrorException>(() => In(PrecisionSpec.Named("float16"))).Message,
            StringComparison.Ordinal);
        Assert.NotNull(In(PrecisionSpec.Named("bfloat16")));
    }

    [Fact]
    public void A_target_is_one_of_the_objectives_metrics()
    {
        Func<ExperimentSetup, ExperimentSetup> measured = setup => setup with { Objective = new CrossEntropySpec { MoreMetrics = [new Length()] } };
        Assert.Equal("length", With(measured, "length").Experiment.Target!.Metric);
        Assert.StartsWith(
            "digits: [Target] length: unknown; there are loss, accuracy, top5",
            Assert.Throws<UserErrorException>(() => With(setup => setup, "length")).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Also of a strategy that comes last, after hours.</summary>
    [Fact]
    public void A_setting_out_of_its_range_is_a_mistake_before_anything_starts()
    {
        ExperimentSetup good = Define(["16"], []).Create(new ParameterValues(new Dictionary<string, string> { ["batch"] = "16" }));
        Refused(good with { Model = new ResNetSpec { Depth = 19, Classes = 2 } }, "ResNetSpec: Depth is 19");
        Refused(good with { Optimizer = new SgdSpec(1, 0) }, "SgdSpec: Momentum is 1");
        Refused(good with { LearningRate = new WarmupPlateauSpec { BaseRate = 1, Threshold = 5 } }, "WarmupPlateauSpec: Threshold is 5");
        Refused(
            good with { Strategies = [.. good.Strategies, new DasoSpec { Schedule = new DasoSettings { MaxGlobalSkips = 0 } }] },
            "DasoSettings: MaxGlobalSkips is 0");
        Refused(good with { Strategies = [new DdpSpec { BucketBytes = 0 }] }, "DdpSpec: BucketBytes is 0");
        Refused(good with { Data = new SyntheticImages { BatchPerRank = 0 } }, "SyntheticImages: BatchPerRank is 0");

        static void Refused(ExperimentSetup setup, string message) => Assert.StartsWith(
            $"digits: {message}",
            Assert.Throws<UserErrorException>(() => Expand(s_options, Define(["16"], [], create: _ => setup))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void An_a_a_test_trains_one_strategy_under_three_names()
    {
        ExperimentVariant variant = Only(s_options with { IsAATest = true, Seeds = [1, 2, 3, 4, 5, 6] });

        Assert.Equal(["ddp-1", "ddp-2", "ddp-3"], variant.StrategyNames);
        Assert.Equal("ddp-1", variant.Baseline);
        Assert.All(variant.Setup.Strategies, strategy => Assert.Equal(new DdpSpec(), strategy));
        Assert.Equal(18, variant.Cells().Distinct().Count());
        Assert.NotEqual(Only(s_options).SpecificationHash, variant.SpecificationHash);
        Assert.Equal(
            "--aa: trains one strategy under three names; name one with --strategies, not ddp, ddp",
            Assert.Throws<UserErrorException>(() => Only(s_options with { IsAATest = true, Strategies = ["ddp", "ddp"] })).Message);
    }

    [Theory]
    [InlineData("tny", "--tier tny: unknown, did you mean tiny?; there are tiny")]
    public void An_unknown_tier_is_a_mistake(string tier, string message) =>
        Assert.Equal(message, Assert.Throws<UserErrorException>(() => Only(s_options with { Tier = tier })).Message);

    [Fact]
    public void A_tier_of_an_experiment_without_tiers_is_a_mistake() => Assert.Equal(
        "--tier tiny: digits has no tiers; leave it out with --experiments",
        Assert.Throws<UserErrorException>(() => Expand(s_options with { Tier = "tiny" }, Define(["16"], []))).Message);

    [Fact]
    public void Values_given_twice_and_sources_without_values_are_mistakes()
    {
        var twice = new Dictionary<string, IReadOnlyList<string>> { ["batch"] = ["8", "8"] };

        Assert.Equal(
            "--batch has the value 8 twice; remove one, or the same run is made twice",
            Assert.Throws<UserErrorException>(() => Only(s_options with { Parameters = twice })).Message);
        Assert.Equal(
            "Parameter 'Batch' has no values; give [ParamsSource] at least one; only of a bool or an enum are all values known",
            Assert.Throws<UserErrorException>(() => Expand(s_options, Define([], []))).Message);
    }

    [Fact]
    public void Variants_of_one_name_are_mistakes()
    {
        Assert.Equal(
            "--batch has the values 'a b' and 'a_b', which are both 'a_b' in names of folders; let them differ in letters, digits, '.' or '_'",
            Mistake(Define(["a b", "a_b"], [])));
        Assert.Equal(
            "suite sample: experiments digits and digits-batch-8 both have a variant called digits-batch-8; rename one of them, or take "
                + "one with --experiments",
            Mistake(Define(["8", "16"], []), Define(["8"], [], name: "digits-batch-8")));
        Assert.Equal(
            "suite sample: experiment nodes is called as a setting of every run; rename it", Mistake(Define(["8"], [], name: "nodes")));

        static string Mistake(params ExperimentDefinition[] definitions) =>
            Assert.Throws<UserErrorException>(() => SuitePlan.Expand("sample", definitions, s_options)).Message;
    }

    [Fact]
    public void The_hash_depends_on_values_and_not_on_the_cluster()
    {
        Assert.Equal(Only(s_options).SpecificationHash, Only(s_options with { Topology = new Topology(4, 1) }).SpecificationHash);
        Assert.NotEqual(Only(s_options).SpecificationHash, Only(s_options with { Link = "1gbit" }).SpecificationHash);
        Assert.Equal(2, Expand(s_options, Define(["16", "32"], [])).Select(variant => variant.SpecificationHash).Distinct().Count());
    }

    [Fact]
    public void Texts_of_values_are_those_that_a_user_writes()
    {
        Assert.Equal(["16", "-1"], ParameterValues.TextsOf([16, -1]));
        Assert.Equal(["0.5", "1E-07"], ParameterValues.TextsOf([0.5, 1e-7]));
        Assert.Equal(["true", "false"], ParameterValues.TextsOf([true, false]));
        Assert.Equal(["Standard"], ParameterValues.TextsOf([StemKind.Standard]));
        Assert.Equal(["a b"], ParameterValues.TextsOf(["a b"]));
    }

    private static ExperimentVariant With(Func<ExperimentSetup, ExperimentSetup> change, string? target = null)
    {
        ExperimentDefinition definition = Define(["16"], [new TierDefinition("tiny", null, 20)]);
        return Assert.Single(Expand(s_options, new ExperimentDefinition
        {
            Suite = definition.Suite,
            Name = definition.Name,
            Summary = definition.Summary,
            Parameters = definition.Parameters,
            Strategies = definition.Strategies,
            Seeds = definition.Seeds,
            Epochs = definition.Epochs,
            Target = target is null ? null : new TargetQuality(target, TargetDirection.AtLeast, 0.5),
            Create = values => change(definition.Create(values)),
        }));
    }

    private static ExperimentVariant Only(RunOptions options) =>
        Assert.Single(Expand(options, Define(["16"], [new TierDefinition("tiny", null, 20)])));

    private static IReadOnlyList<ExperimentVariant> Expand(RunOptions options, ExperimentDefinition definition) =>
        SuitePlan.Expand("sample", [definition], options).Variants;

    private static ExperimentDefinition Define(
        string[] batches,
        TierDefinition[] tiers,
        int? epochs = 90,
        int? steps = null,
        Func<ParameterValues, ExperimentSetup>? create = null,
        string name = "digits") => new()
        {
            Suite = "sample",
            Name = name,
            Summary = "",
            Parameters = [new ParameterDefinition("Batch", "batch", "integer", batches, "")],
            Strategies = [new StrategyDefinition("ddp", true)],
            Seeds = [1],
            Epochs = epochs,
            Steps = steps,
            Tiers = tiers,
            Create = create ?? (values => new ExperimentSetup(
                new ResNetSpec { Depth = 18, Classes = 10 },
                new SyntheticImages { BatchPerRank = values.Integer("batch") },
                new SgdSpec(0.9, 0),
                new ConstantRateSpec(0.1),
                [new DdpSpec()])),
        };

    private sealed record Length : Metric
    {
        public override string Name => "length";

        public override string Title => "Length of the outputs";

        public override string Unit => "1";

        public override TargetDirection Better => TargetDirection.AtLeast;

        public override void Add(Tensor outputs, Tensor targets, Span<double> sums)
        {
            sums[0] += outputs.norm().item<float>();
            sums[1] += 1;
        }
    }
}
