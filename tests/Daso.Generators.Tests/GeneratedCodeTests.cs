using System.Globalization;
using Daso.Experiments;
using Daso.Specification;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Tests;

/// <summary>What generated code does, in usual and in odd projects.</summary>
public sealed class GeneratedCodeTests
{
    [Fact]
    public void Create_sets_parameters_and_reads_the_named_members()
    {
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(Samples.Rich)));
        ExperimentSetup setup = definition.Create(new ParameterValues(new Dictionary<string, string>
        {
            ["batch-per-rank"] = "24",
            ["momentum"] = "0.5",
            ["wire"] = "float32",
            ["collective"] = "tree",
            ["overlap"] = "true",
            ["width"] = "8",
        }));

        Assert.Equal("""{"width":2}""", SpecificationWriter.ToJson(setup.Model).ToJsonString());
        Assert.Equal("""{"batch":24}""", SpecificationWriter.ToJson(setup.Data).ToJsonString());
        Assert.Equal("""{"momentum":0.5}""", SpecificationWriter.ToJson(setup.Optimizer).ToJsonString());
        Assert.Equal("""{"rate":0.1}""", SpecificationWriter.ToJson(setup.LearningRate).ToJsonString());
        Assert.Equal(
            ["""{"kind":"tree"}""", """{"kind":"Float32 8"}"""],
            setup.Strategies.Select(s => SpecificationWriter.ToJson(s).ToJsonString()));
    }

    [Fact]
    public void Every_declared_value_is_readable()
    {
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(Samples.Rich)));
        foreach (ParameterDefinition parameter in definition.Parameters)
        {
            foreach (string value in parameter.Values)
            {
                Dictionary<string, string> texts = definition.Parameters.ToDictionary(p => p.Option, p => p.Values[0]);
                texts[parameter.Option] = value;
                Assert.NotNull(definition.Create(new ParameterValues(texts)));
            }
        }
    }

    [Fact]
    public void Params_alone_runs_over_all_values_of_a_bool_or_an_enum()
    {
        const string parameters = "[Params] public bool Flag { get; init; } [Params] public Precision Wire { get; init; }";
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(Samples.Small("A", "a", body: parameters))));

        Assert.Equal(["false", "true"], definition.Parameters[0].Values);
        Assert.Equal(["Float32", "BFloat16"], definition.Parameters[1].Values);
    }

    [Fact]
    public void A_source_tiers_and_tags_are_in_the_definition()
    {
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(Samples.Rich)));

        Assert.Equal(["8", "16"], definition.Parameters.Single(p => p.Option == "width").Values);
        TierDefinition tier = Assert.Single(definition.Tiers);
        Assert.Equal(("tiny", 1, 20), (tier.Name, tier.Epochs, tier.Steps));
        TierParameter set = Assert.Single(tier.Parameters);
        Assert.Equal(("batch-per-rank", "4"), (set.Option, Assert.Single(set.Values)));
        Assert.Equal(["nightly", "gpu"], definition.Tags);
    }

    [Fact]
    public void An_experiment_can_be_as_long_as_its_steps_and_a_tier_set_a_parameter_alone()
    {
        string source = Samples.Small("A", "a", body: "[Params, TierParams(\"half\", true)] public bool Flag { get; init; }")
            .Replace("[Epochs(1)]", "[Steps(200), Tier(\"half\")]", StringComparison.Ordinal);
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(source)));

        Assert.Equal((null, 200), (definition.Epochs, definition.Steps));
        TierDefinition tier = Assert.Single(definition.Tiers);
        Assert.Equal((null, null), (tier.Epochs, tier.Steps));
        Assert.Equal(["true"], Assert.Single(tier.Parameters).Values);
    }

    [Fact]
    public void An_objective_and_a_precision_are_read_where_they_are_said()
    {
        string body = "private static ObjectiveSpec Goal => new CrossEntropySpec(); private static PrecisionSpec Half() => new() { Compute = NumberFormat.Float16 };";
        string source = Samples.Small("A", "a", body: body)
            .Replace("[Epochs(1)]", "[Epochs(1), Objective(nameof(Goal)), Precision(nameof(Half)), Target(\"dice\", AtLeast = 1.5)]", StringComparison.Ordinal)
            .Replace("using Daso.Generators.Tests.Parts;", "using Daso.Generators.Tests.Parts; using Daso.Objectives; using Daso.Training;", StringComparison.Ordinal);
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(source)));
        ExperimentSetup setup = definition.Create(new ParameterValues(new Dictionary<string, string>()));

        Assert.Equal("CrossEntropySpec", setup.Objective.GetType().Name);
        Assert.Equal("Float16", setup.Precision.Compute.ToString());
        Assert.Equal("dice", definition.Target!.Metric);
    }

    [Fact]
    public void References_are_in_the_definition()
    {
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(Samples.Rich)));

        Assert.Equal(
            [
                new ReferenceDefinition("laptop", "ddp", "quality", 0.96, -0.1, 0.05, "1", null),
                new ReferenceDefinition("laptop", "ddp", "step-time", 12, null, 0.2, "ms", "tiny"),
            ],
            definition.References);
    }

    [Fact]
    public void Project_without_experiments_has_an_empty_registry() => Assert.Empty(Host.Load(Host.Compile()));

    [Fact]
    public void Project_without_the_library_gets_nothing()
    {
        var compilation = CSharpCompilation.Create("Empty", [], [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)]);
        Assert.Empty(Host.Texts(Host.Generate(compilation)));
    }

    [Theory]
    [InlineData("My.Root", "My.Root")]
    [InlineData(null, "Sample_Project")]
    [InlineData("", "Sample_Project")]
    [InlineData("3d.my class.event", "_3d.my_class.@event")]
    public void Registry_is_in_the_root_namespace(string? property, string expected)
    {
        Compilation output = Host.GenerateWithoutComplaint(Host.Compile(Samples.Small("A", "a")), property);
        Assert.NotNull(output.GetTypeByMetadataName(expected.Replace("@", "", StringComparison.Ordinal) + ".SuiteRegistry"));
    }

    [Fact]
    public void Keywords_records_and_the_global_namespace_compile()
    {
        string record = Samples.Small("@event", "a", body: "[Params(1)] public int @class { get; init; }")
            .Replace("public partial class", "internal sealed partial record", StringComparison.Ordinal);
        string global = Samples.Small("Global", "b").Replace("namespace Sample.Suites;", "", StringComparison.Ordinal);
        string keyword = Samples.Small("C", "c").Replace("Sample.Suites", "Sample.@namespace", StringComparison.Ordinal);

        Assert.Equal(["a", "b", "c"], Host.Load(Host.Compile(record, global, keyword)).Select(d => d.Name));
    }

    [Fact]
    public void Obsolete_members_do_not_warn_in_generated_code()
    {
        string source = Samples.Small("A", "a")
            .Replace("private static TinyRate", "[Obsolete] private static TinyRate", StringComparison.Ordinal)
            .Replace("nameof(Rate)", "\"Rate\"", StringComparison.Ordinal);
        Host.GenerateWithoutComplaint(Host.Compile(source));
    }

    /// <summary>A class's name and more of its body, that of its base class, and how its declaration goes on.</summary>
    [Theory]
    [InlineData("values", "", "", "")]
    [InlineData("experiment", "", "", "")]
    [InlineData("A", "private int field = 1; public int Sum() => field;", "", "")]
    [InlineData("A", "", "public static int A => 1;", " : Base")]
    [InlineData("A", "", "public static string Definition => \"\";", " : Base")]
    [InlineData("A", "", "public virtual ExperimentDefinition Definition => null!;", " : Base")]
    [InlineData("A", "public A() { } public A(int width = 1) { }", "", "")]
    [InlineData("A", "[Obsolete(\"old\")] public A() { }", "", "")]
    [InlineData("A", "private TinyModel Network(int width) => new(width);", "protected TinyModel Network() => new(1);", " : Base")]
    public void Names_of_the_user_do_not_meet_those_of_generated_code(string name, string body, string inherited, string declaration)
    {
        string source = Samples.Small(name, "a", body: body)
            .Replace($"partial class {name}", $"partial class {name}{declaration}", StringComparison.Ordinal);
        if (body.Contains("Network(", StringComparison.Ordinal))
            source = source.Replace("private static TinyModel Network => new(1);", "", StringComparison.Ordinal);
        string @base = $"using Daso.Generators.Tests.Parts; namespace Sample.Suites; public class Base {{ {inherited} }}";
        Assert.Equal("a", Assert.Single(Host.Load(Host.Compile(source, @base))).Name);
    }

    [Fact]
    public void An_experiment_can_derive_from_another()
    {
        string derived = Samples.Small("B", "b").Replace("class B", "class B : A", StringComparison.Ordinal);
        Assert.Equal(["a", "b"], Host.Load(Host.Compile(Samples.Small("A", "a"), derived)).Select(d => d.Name));
    }

    [Theory]
    [InlineData(LanguageVersion.CSharp12)]
    [InlineData(LanguageVersion.CSharp13)]
    public void Generated_code_compiles_as(LanguageVersion version)
    {
        CSharpParseOptions options = Host.Parsing.WithLanguageVersion(version);
        Host.GenerateWithoutComplaint(Host.Compile(options, Samples.Rich));
    }

    [Fact]
    public void Classes_whose_names_differ_by_case_get_files_of_their_own()
    {
        Dictionary<string, string> texts = Host.Texts(Host.Generate(Host.Compile(Samples.Small("Net", "a"), Samples.Small("NET", "b"))));
        Assert.Equal(
            ["Sample.Suites.NET.1.g.cs", "Sample.Suites.Net.2.g.cs", "SuiteRegistry.g.cs"],
            texts.Keys.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("SuiteRegistry")]
    [InlineData("suiteregistry")]
    public void A_class_of_the_registrys_name_in_the_global_namespace_gets_a_file_of_its_own(string name)
    {
        string global = Samples.Small(name, "a").Replace("namespace Sample.Suites;", "", StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single(Host.Load(Host.Compile(global))).Name);
    }

    [Fact]
    public void A_class_with_a_mistake_is_left_out()
    {
        string wrong = Samples.Small("A", "a").Replace("[Epochs(1)]", "", StringComparison.Ordinal);
        Dictionary<string, string> texts = Host.Texts(Host.Generate(Host.Compile(wrong, Samples.Small("B", "b"))));
        Assert.Equal(["Sample.Suites.B.g.cs", "SuiteRegistry.g.cs"], texts.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain("Suites.A", texts["SuiteRegistry.g.cs"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DocumentationMode.None)]
    [InlineData(DocumentationMode.Parse)]
    [InlineData(DocumentationMode.Diagnose)]
    public void Help_texts_do_not_depend_on_the_documentation_mode(DocumentationMode mode)
    {
        string block = Samples.Small("Block", "block").Replace(
            "[Experiment", "/** <summary>\n * Two\n * <b>lines</b> &amp; more. </summary> */\n[Experiment", StringComparison.Ordinal);
        var definitions = Host.Load(Host.Compile(Host.Parsing.WithDocumentationMode(mode), Samples.Rich, block)).ToDictionary(d => d.Name);

        Assert.Equal("""A tiny network on TinyData: "quotes", a \ and a second line.""", definitions["digits-tiny"].Summary);
        Assert.Equal("See Create of SGD.", definitions["digits-tiny"].Parameters[1].Help);
        Assert.Equal("", definitions["digits-tiny"].Parameters[2].Help);
        Assert.Equal("Two lines & more.", definitions["block"].Summary);
    }

    [Fact]
    public void Output_is_the_same_in_any_culture_and_order_of_files_and_line_ends()
    {
        const string other =
            """
            namespace Sample.Suites;

            [Strategy("late", nameof(Daso))]
            partial class DigitsTiny
            {
                [Params(-0.5, 1e-7)]
                public double Late { get; init; }
            }
            """;
        Dictionary<string, string> expected = Host.Texts(Host.Generate(Host.Compile(Samples.Rich, other, Samples.Small("B", "b"))));

        CultureInfo culture = CultureInfo.CurrentCulture;
        try
        {
            // Made by hand: the machine's own cultures are switched off by InvariantGlobalization.
            var foreign = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            foreign.NumberFormat.NumberDecimalSeparator = ",";
            foreign.NumberFormat.NegativeSign = "minus";
            CultureInfo.CurrentCulture = foreign;
            CSharpCompilation compilation = Host.Compile(
                Samples.Rich.Replace("\n", "\r\n", StringComparison.Ordinal), other, Samples.Small("B", "b"));
            SyntaxTree[] reversed = [.. compilation.SyntaxTrees.Reverse()];
            Assert.Equal(expected, Host.Texts(Host.Generate(compilation.RemoveAllSyntaxTrees().AddSyntaxTrees(reversed))));
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        Assert.All(expected.Values, text => Assert.DoesNotContain('\r', text));
    }
}
