using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Tests;

/// <summary>Every mistake is reported once, at its place, and nothing else with it.</summary>
public sealed class DiagnosticTests
{
    private const string Momentum = "public required double Momentum { get; set; }";

    /// <summary>A change of the rich sample (every "old" is there once), the expected id, and the text that it is reported at.</summary>
    public static TheoryData<string, string, string, string> Mistakes => new()
    {
        { "DASO001", "sealed partial class", "sealed class", "DigitsTiny" },
        { "DASO002", "partial class DigitsTiny", "partial class DigitsTiny<T>", "DigitsTiny" },
        { "DASO002", "sealed partial class", "abstract partial class", "DigitsTiny" },
        { "DASO002", "public sealed partial class", "file partial class", "DigitsTiny" },
        { "DASO003", "private TinyModel Network", "public DigitsTiny(int width) { } private TinyModel Network", "DigitsTiny" },
        { "DASO003", "private TinyModel Network", "public required int More { get; init; } private TinyModel Network", "DigitsTiny" },
        { "DASO003", "private TinyModel Network", "public DigitsTiny(int w = 1) { } private DigitsTiny(string s = \"\") { } private TinyModel Network", "DigitsTiny" },
        { "DASO004", "[Model(nameof(Network))]", "", "DigitsTiny" },
        { "DASO004", "[Data(nameof(Digits))]", "", "DigitsTiny" },
        { "DASO004", "[Optimizer(nameof(Sgd))]", "", "DigitsTiny" },
        { "DASO004", "[LearningRate(nameof(Rate))]", "", "DigitsTiny" },
        { "DASO004", "[Epochs(4)]", "", "DigitsTiny" },
        {
            "DASO004",
            "[Strategy(\"ddp\", nameof(Ddp), Baseline = true)]\n[Strategy(\"daso\", nameof(Daso))]",
            "",
            "DigitsTiny"
        },
        { "DASO005", "\"digits-tiny\"", "\"Digits Tiny\"", "\"Digits Tiny\"" },
        { "DASO005", "\"digits-tiny\"", "\"\"", "\"\"" },
        { "DASO005", "Suite = \"quickstart\"", "Suite = \"../up\"", "Suite = \"../up\"" },
        { "DASO005", "\"daso\", ", "\"daso-\", ", "\"daso-\"" },
        { "DASO005", "Option = \"wire\"", "Option = \"--wire\"", "Option = \"--wire\"" },
        { "DASO005", "double Momentum {", "double Größe {", "Größe" },
        { "DASO007", "nameof(Network)", "\"Netwrok\"", "\"Netwrok\"" },
        { "DASO007", "Digits()", "Digits(int size)", "nameof(Digits)" },
        { "DASO007", "\"daso\", nameof(Daso)", "member: \"None\", name: \"daso\"", "\"None\"" },
        { "DASO008", "private TinyModel Network", "private TinyData Network", "nameof(Network)" },
        { "DASO008", "private TinyModel Network", "private TinyModel? Network", "nameof(Network)" },
        { "DASO008", "nameof(Rate)", "nameof(Collective)", "nameof(Collective)" },
        { "DASO009", ", Baseline = true", "", "DigitsTiny" },
        { "DASO009", "nameof(Daso))", "nameof(Daso), Baseline = true)", "Baseline = true" },
        { "DASO010", "\"daso\"", "\"ddp\"", "\"ddp\"" },
        { "DASO011", "bool Overlap", "decimal Overlap", "Overlap" },
        { "DASO011", "string Collective { get; init; } = \"\"", "string? Collective { get; init; }", "Collective" },
        { "DASO011", "int BatchPerRank", "int? BatchPerRank", "BatchPerRank" },
        { "DASO012", "int BatchPerRank { get; init; }", "int BatchPerRank => 1;", "BatchPerRank" },
        { "DASO012", "public int BatchPerRank", "public static int BatchPerRank", "BatchPerRank" },
        { "DASO013", "[Params(16, 32)]", "[Params]", "Params" },
        { "DASO013", "[Params(16, 32)]", "[Params(null)]", "Params(null)" },
        { "DASO014", "[Params(16, 32)]", "[Params(16, 32.5)]", "32.5" },
        { "DASO014", "[Params(0.9, 1)]", "[Params(0.9, double.NaN)]", "double.NaN" },
        { "DASO014", "[Params(0.9, 1)]", "[Params(0.9, \"1\")]", "\"1\"" },
        { "DASO014", "[Params(true)]", "[Params(1)]", "1" },
        { "DASO014", "\"tree\"", "null!", "null!" },
        { "DASO014", "\"tree\"", "new[] { 1 }", "new[] { 1 }" },
        { "DASO014", "Precision.Float32, ", "(Precision)7, ", "(Precision)7" },
        { "DASO014", "Precision.Float32, ", "DayOfWeek.Monday, ", "DayOfWeek.Monday" },
        { "DASO015", "[Params(16, 32)]", "[Params(16, 16)]", "16" },
        { "DASO016", "Option = \"wire\"", "Option = \"momentum\"", "Option = \"momentum\"" },
        { "DASO017", "Option = \"wire\"", "Option = \"link\"", "Option = \"link\"" },
        { "DASO018", "[Seeds(7, 2)]", "[Seeds]", "Seeds" },
        { "DASO019", "[Seeds(7, 2)]", "[Seeds(7, 2, 7)]", "7" },
        { "DASO020", "[Epochs(4)]", "[Epochs(0)]", "0" },
        { "DASO021", ", AtLeast = 0.95", "", "Target(\"accuracy\")" },
        { "DASO021", "AtLeast = 0.95", "AtLeast = 0.95, AtMost = 1", "Target(\"accuracy\", AtLeast = 0.95, AtMost = 1)" },
        { "DASO021", "AtLeast = 0.95", "AtMost = double.PositiveInfinity", "Target(\"accuracy\", AtMost = double.PositiveInfinity)" },
        { "DASO021", "AtLeast = 0.95", "AtLeast = 95", "Target(\"accuracy\", AtLeast = 95)" },
        { "DASO021", "\"accuracy\", AtLeast = 0.95", "\"loss\", AtMost = -5", "Target(\"loss\", AtMost = -5)" },
        { "DASO029", "0.96, ", "95, ", "Reference(\"laptop\", \"ddp\", \"quality\", 95, Lower = -0.1, Upper = 0.05)" },
        { "DASO029", "Lower = -0.1", "Lower = -2", "Reference(\"laptop\", \"ddp\", \"quality\", 0.96, Lower = -2, Upper = 0.05)" },
        { "DASO041", "\"quality\"", "\"relative-training\"", "\"relative-training\"" },
        { "DASO041", "[Target(\"accuracy\", AtLeast = 0.95)]", "[Reference(\"a\", \"daso\", \"time-to-target\", 1, Upper = 1, Unit = \"s\")]", "\"time-to-target\"" },
        { "DASO024", "\"1gbit,50us\"", "\"fast\"", "\"fast\"" },
        { "DASO007", "nameof(Widths)", "\"Width\" + \"less\"", "\"Width\" + \"less\"" },
        { "DASO025", "private static int[] Widths", "private int[] Widths", "nameof(Widths)" },
        { "DASO025", "private static int[] Widths", "private static double[] Widths", "nameof(Widths)" },
        { "DASO026", "[ParamsSource(nameof(Widths))]", "[Params(8)] [ParamsSource(nameof(Widths))]", "ParamsSource(nameof(Widths))" },
        { "DASO005", "[Tags(", "[Tier(\"Tiny\", Steps = 1)] [Tags(", "\"Tiny\"" },
        { "DASO027", "[Tags(", "[Tier(\"full\", Epochs = 0)] [Tags(", "Tier(\"full\", Epochs = 0)" },
        { "DASO027", "Epochs = 1, Steps = 20", "Epochs = -1", "Tier(\"tiny\", Epochs = -1)" },
        { "DASO028", "[Tags(", "[Tier(\"tiny\", Steps = 1)] [Tags(", "\"tiny\"" },
        { "DASO028", "\"gpu\"", "\"nightly\"", "\"nightly\"" },
        { "DASO005", "\"gpu\"", "\"G P U\"", "\"G P U\"" },
        { "DASO005", "\"laptop\", \"ddp\", \"qual", "\"Laptop\", \"ddp\", \"qual", "\"Laptop\"" },
        { "DASO022", "\"quality\"", "\"speed\"", "\"speed\"" },
        { "DASO029", "0.96, ", "0, ", "Reference(\"laptop\", \"ddp\", \"quality\", 0, Lower = -0.1, Upper = 0.05)" },
        {
            "DASO029",
            "Lower = -0.1, Upper = 0.05",
            "Lower = 0.05, Upper = -0.1",
            "Reference(\"laptop\", \"ddp\", \"quality\", 0.96, Lower = 0.05, Upper = -0.1)"
        },
        { "DASO029", "Lower = -0.1, Upper = 0.05", "Lower = 0.1", "Reference(\"laptop\", \"ddp\", \"quality\", 0.96, Lower = 0.1)" },
        { "DASO029", ", Lower = -0.1, Upper = 0.05", "", "Reference(\"laptop\", \"ddp\", \"quality\", 0.96)" },
        { "DASO030", "\"ddp\", \"qual", "\"dazo\", \"qual", "\"dazo\"" },
        {
            "DASO031",
            "\"quality\", 0.96, Lower = -0.1, Upper = 0.05",
            "\"step-time\", 3, Upper = 0.1, Unit = \"s\", Tier = \"tiny\"",
            "Reference(\"laptop\", \"ddp\", \"step-time\", 12, Upper = 0.2, Unit = \"ms\", Tier = \"tiny\")"
        },
        { "DASO032", "Unit = \"ms\"", "Unit = \"MB\"", "Unit = \"MB\"" },
        { "DASO033", "Tier = \"tiny\"", "Tier = \"tny\"", "Tier = \"tny\"" },
        { "DASO013", "TierParams(\"tiny\", 4)", "TierParams(\"tiny\")", "TierParams(\"tiny\")" },
        { "DASO014", "TierParams(\"tiny\", 4)", "TierParams(\"tiny\", 4, \"8\")", "\"8\"" },
        { "DASO015", "TierParams(\"tiny\", 4)", "TierParams(\"tiny\", 4, 8, 4)", "4" },
        { "DASO020", "[Epochs(4)]", "[Steps(-1)]", "-1" },
        { "DASO028", "[TierParams(\"tiny\", 4)]", "[TierParams(\"tiny\", 4), TierParams(\"tiny\", 8)]", "\"tiny\"" },
        { "DASO033", "TierParams(\"tiny\", 4)", "TierParams(\"small\", 4)", "\"small\"" },
        { "DASO034", "[Epochs(4)]", "[Epochs(4), Steps(200)]", "Steps(200)" },
        { "DASO035", "[Params(true)]", "[TierParams(\"tiny\", true)]", "TierParams(\"tiny\", true)" },
        { "DASO015", "[Params(0.9, 1)]", "[Params(0.0, -0.0)]", "-0.0" },
        { "DASO039", "\"ring\", \"tree\"", "\"a b\", \"a_b\"", "Params(\"a b\", \"a_b\")" },
        { "DASO022", "\"accuracy\"", "\"acuracy\"", "\"acuracy\"" },
        { "DASO036", "private TinyModel Network", "public string Definition => \"\"; private TinyModel Network", "Definition" },
        { "DASO036", "private TinyModel Network", "private void Definition(int x) { } private TinyModel Network", "Definition" },
        { "DASO036", "partial class DigitsTiny", "partial class Definition", "Definition" },
        { "DASO037", "[Params(true)]", "[Params(true), Obsolete(\"no\", true)]", "Overlap" },
        { "DASO037", "private TinyModel Network", "[Obsolete(\"no\", true)] public DigitsTiny() { } private TinyModel Network", "DigitsTiny" },
        { "DASO037", "private static LearningRateSpec", "[Obsolete(\"no\", error: true)] private static LearningRateSpec", "nameof(Rate)" },
        { "DASO037", "public sealed partial", "[Obsolete(\"no\", true)] public sealed partial", "DigitsTiny" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task Mistake_is_reported_at_its_place(string id, string old, string @new, string located)
    {
        string source = Replace(Samples.Rich, old, @new);
        Compilation compilation = Host.Compile(source);

        Diagnostic diagnostic = Assert.Single(await Host.AnalyzeAsync(compilation));

        Assert.Equal(id, diagnostic.Id);
        Assert.Equal(located, Located(diagnostic));
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Equal(["SuiteRegistry.g.cs"], Host.Texts(Host.Generate(compilation)).Keys);
    }

    [Fact]
    public async Task A_loss_may_be_above_1()
    {
        string source = Replace(Samples.Rich, "\"accuracy\", AtLeast = 0.95", "\"loss\", AtMost = 2.5");
        Assert.Empty(await Host.AnalyzeAsync(Host.Compile(Replace(source, "0.96, ", "2.4, "))));
    }

    [Fact]
    public async Task Right_experiments_have_no_diagnostics() =>
        Assert.Empty(await Host.AnalyzeAsync(Host.Compile(Samples.Rich, Samples.Small("A", "a"), Samples.Small("B", "a", suite: "other"))));

    [Fact]
    public async Task An_option_of_two_types_is_reported_in_the_second_experiment_of_the_suite()
    {
        string first = Samples.Small("A", "a", body: "[Params(8)] public int Width { get; init; }");
        string second = Samples.Small("B", "b", body: "[Params(\"narrow\", Option = \"width\")] public string Shape { get; init; } = \"\";");

        Diagnostic diagnostic = Assert.Single(await Host.AnalyzeAsync(Host.Compile(first, second)));

        Assert.Equal(("DASO040", "Shape"), (diagnostic.Id, Located(diagnostic)));
        Assert.Empty(await Host.AnalyzeAsync(Host.Compile(first, second.Replace("quickstart", "other", StringComparison.Ordinal))));
    }

    [Fact]
    public async Task Nested_and_static_classes_are_no_experiments()
    {
        string nested = Replace(Samples.Small("A", "a"), "Sample.Suites;", "Sample.Suites; public partial class Outer {") + "}";
        string @static = Replace(Samples.Small("B", "b"), "public partial", "public static partial");

        Diagnostic[] diagnostics = await Host.AnalyzeAsync(Host.Compile(nested, @static));

        Assert.Equal(["DASO002 A", "DASO002 B"], diagnostics.Select(d => d.Id + " " + Located(d)));
    }

    [Fact]
    public async Task A_required_parameter_of_a_base_class_is_none_of_the_experiment()
    {
        string @base = Samples.Small("Base", "base", body: "[Params(1)] public required int Width { get; init; }");
        string derived = Replace(Samples.Small("Derived", "derived"), "class Derived", "class Derived : Base");

        Diagnostic diagnostic = Assert.Single(await Host.AnalyzeAsync(Host.Compile(@base, derived)));

        Assert.Equal("DASO003 Derived", diagnostic.Id + " " + Located(diagnostic));
    }

    [Theory]
    [InlineData("")]
    [InlineData("namespace Sample;")]
    [InlineData("namespace Sample.Suites;")]
    public async Task The_name_of_the_registry_is_taken_in_the_root_namespace_only(string @namespace)
    {
        string source = Replace(Samples.Small("SuiteRegistry", "a"), "namespace Sample.Suites;", @namespace);
        Compilation output = Host.GenerateWithoutComplaint(Host.Compile(source));

        string[] expected = @namespace == "namespace Sample;" ? ["DASO036 SuiteRegistry"] : [];
        Assert.Equal(expected, (await Host.AnalyzeAsync(output)).Select(d => d.Id + " " + Located(d)));
    }

    [Theory]
    [InlineData("private new int Network = 1;")]
    [InlineData("private TinyModel Network(int width = 1) => new(width);")]
    [InlineData("private class Network;")]
    public async Task A_member_that_another_hides_is_not_there(string hiding)
    {
        const string network = "private static TinyModel Network => new(1);";
        string source = Replace(Samples.Small("A", "a"), network, hiding).Replace("class A", "class A : Base", StringComparison.Ordinal)
            + $"public class Base {{ {network.Replace("private", "protected", StringComparison.Ordinal)} }}";

        Diagnostic diagnostic = Assert.Single(await Host.AnalyzeAsync(Host.Compile(source)));

        Assert.Equal("DASO007 nameof(Network)", diagnostic.Id + " " + Located(diagnostic));
    }

    [Fact]
    public async Task A_language_version_that_is_too_low_is_reported()
    {
        CSharpCompilation compilation = Host.Compile(Host.Parsing.WithLanguageVersion(LanguageVersion.CSharp11), Samples.Small("A", "a"));

        Assert.Equal("DASO038 A", Assert.Single((await Host.AnalyzeAsync(compilation)).Select(d => d.Id + " " + Located(d))));
        Assert.Empty(Host.Texts(Host.Generate(compilation)));
    }

    [Fact]
    public async Task Same_name_in_a_suite_is_reported_on_each_class()
    {
        Diagnostic[] diagnostics = await Host.AnalyzeAsync(Host.Compile(Samples.Small("A", "same"), Samples.Small("B", "same")));

        Assert.Equal(["DASO006", "DASO006"], diagnostics.Select(d => d.Id));
        Assert.Equal(["\"same\"", "\"same\""], diagnostics.Select(Located));
        Assert.Contains("class 'Sample.Suites.B'", diagnostics[0].GetMessage(), StringComparison.Ordinal);
        Assert.Contains("class 'Sample.Suites.A'", diagnostics[1].GetMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Attributes_without_an_experiment_are_warned_of()
    {
        const string source = "[Epochs(1)] public class A { [Params(1)] public int P { get; set; } }";
        Diagnostic[] diagnostics = await Host.AnalyzeAsync(Host.Compile(source));

        Assert.Equal(["DASO023 Epochs(1)", "DASO023 Params(1)"], diagnostics.Select(d => d.Id + " " + Located(d)));
        Assert.All(diagnostics, d => Assert.Equal(DiagnosticSeverity.Warning, d.Severity));
    }

    [Fact]
    public async Task Mistakes_in_generated_experiments_are_reported_and_attributes_without_effect_are_not()
    {
        string experiment = "// <auto-generated/>\n" + Replace(Samples.Small("A", "a"), "[Epochs(1)]", "[Epochs(0)]");
        const string other = "// <auto-generated/>\n[Epochs(1)] public class A { [Params(1)] public int P { get; set; } }";

        Assert.Equal(["DASO020"], (await Host.AnalyzeAsync(Host.Compile(experiment, other))).Select(d => d.Id));
    }

    [Fact]
    public async Task Pragma_silences_a_diagnostic()
    {
        const string silenced = "#pragma warning disable DASO020\n[Epochs(0)]\n#pragma warning restore DASO020";
        string source = Replace(Samples.Rich, "[Epochs(4)]", silenced);
        Assert.Empty(await Host.AnalyzeAsync(Host.Compile(source)));
    }

    [Theory]
    [InlineData("none", null)]
    [InlineData("warning", DiagnosticSeverity.Warning)]
    [InlineData("error", DiagnosticSeverity.Error)]
    public async Task Editorconfig_silences_and_grades_a_diagnostic(string severity, DiagnosticSeverity? expected)
    {
        Compilation compilation = Host.Compile(Replace(Samples.Rich, "[Epochs(4)]", "[Epochs(0)]"));
        Compilation configured = compilation.WithOptions(compilation.Options.WithSyntaxTreeOptionsProvider(
            new EditorConfig($"root = true\n[*.cs]\ndotnet_diagnostic.DASO020.severity = {severity}")));

        Assert.Equal(expected, (await Host.AnalyzeAsync(configured)).Select(d => (DiagnosticSeverity?)d.Severity).SingleOrDefault());
        // However it is graded, an experiment that cannot run is not generated.
        Assert.Equal(["SuiteRegistry.g.cs"], Host.Texts(Host.Generate(configured)).Keys);
    }

    [Theory]
    [InlineData(", Suite = \"quickstart\"", "")]
    [InlineData("[Params(16, 32)]", "[Params(16, Missing)]")]
    [InlineData("private TinyModel Network => new(Overlap ? 2 : 1);", "private Missing Network => null!;")]
    public async Task What_does_not_compile_is_left_to_the_compiler(string old, string @new)
    {
        Compilation compilation = Host.Compile(Replace(Samples.Rich, old, @new));
        Assert.Contains(compilation.GetDiagnostics(TestContext.Current.CancellationToken), d => d.Severity == DiagnosticSeverity.Error);
        Assert.Empty(await Host.AnalyzeAsync(compilation));
    }

    [Fact]
    public async Task A_mistake_in_a_required_parameter_is_reported_alone()
    {
        Compilation compilation = Host.Compile(Replace(Samples.Rich, Momentum, "public required decimal Momentum { get; set; }"));
        Assert.Equal(["DASO011"], (await Host.AnalyzeAsync(compilation)).Select(d => d.Id));
    }

    private static string Replace(string source, string old, string @new)
    {
        Assert.Equal(2, source.Split(old).Length);
        return source.Replace(old, @new, StringComparison.Ordinal);
    }

    private static string Located(Diagnostic diagnostic) =>
        diagnostic.Location.SourceTree!.GetText().ToString(diagnostic.Location.SourceSpan);
}
