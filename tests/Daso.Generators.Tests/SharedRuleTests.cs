using Daso.Cluster;
using Daso.CommandLine;
using Daso.Experiments;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Tests;

/// <summary>What the compiler says of values in attributes, the program says of values that it gets to know when it runs.</summary>
public sealed class SharedRuleTests
{
    private const string Source = "private static double[] Values => [{0}]; [ParamsSource(nameof(Values))] public double Width {{ get; init; }}";

    /// <summary>A parameter's attribute, values of its source, what the user gives, and what differs in who is named.</summary>
    public static TheoryData<string, string, string[]?, string, string> Values => new()
    {
        { "[Params]", "", null, "[Params]", "[ParamsSource]" },
        { "[Params(1, 1)]", "1, 1", null, "Parameter 'Width'", "--width" },
        { "[Params(1, 1)]", "1", ["1", "1"], "Parameter 'Width'", "--width" },
        { "[Params(double.NaN)]", "double.NaN", null, "NaN is not a value of parameter 'Width'", "NaN is not a value of --width" },
        { "[Params(\"x\")]", "1", ["x"], "\"x\" is not a value of parameter 'Width'", "x is not a value of --width" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public async Task Both_say_the_same_of_a_value(string attribute, string values, string[]? given, string compiler, string program)
    {
        string written = Samples.Small("A", "a", body: attribute + " public double Width { get; init; }");
        string says = Assert.Single(await Host.AnalyzeAsync(Host.Compile(written))).GetMessage();

        string source = Samples.Small("A", "a", body: string.Format(System.Globalization.CultureInfo.InvariantCulture, Source, values));
        Dictionary<string, IReadOnlyList<string>> parameters = given is null ? [] : new() { ["width"] = given };
        Assert.Equal(says.Replace(compiler, program, StringComparison.Ordinal), Mistake(source, parameters));
    }

    [Theory]
    [InlineData("[Epochs(1), Link(\"fast\")]", "fast", null, "--link fast: ")]
    [InlineData("[Steps(0)]", null, 0, "--steps 0: ")]
    public async Task Both_say_the_same_of_a_setting(string attributes, string? link, int? steps, string option)
    {
        string small = Samples.Small("A", "a");
        string written = small.Replace("[Epochs(1)]", attributes, StringComparison.Ordinal);
        string says = Assert.Single(await Host.AnalyzeAsync(Host.Compile(written))).GetMessage();

        var options = new RunOptions { Topology = new Topology(1, 1), Link = link, Steps = steps };
        UserErrorException mistake = Assert.Throws<UserErrorException>(() => Expand(small, options));
        Assert.Equal(option + says, mistake.Message);
    }

    [Fact]
    public Task Both_say_the_same_of_two_experiments_of_one_name() =>
        BothSayTheSame(Samples.Small("A", "same"), Samples.Small("B", "same"), ", class 'Sample.Suites.B'");

    [Fact]
    public Task Both_say_the_same_of_an_option_of_two_types() => BothSayTheSame(
        Samples.Small("A", "a", body: "[Params(8)] public int Width { get; init; }"),
        Samples.Small("B", "b", body: "[Params(\"narrow\")] public string Width { get; init; } = \"\";"));

    private static async Task BothSayTheSame(string first, string second, string onlyCompiler = " (nothing)")
    {
        Diagnostic[] diagnostics = await Host.AnalyzeAsync(Host.Compile(first, second));
        string says = diagnostics[0].Id + ": " + diagnostics[0].GetMessage().Replace(onlyCompiler, "", StringComparison.Ordinal);

        // As two assemblies that know nothing of each other.
        ExperimentDefinition[] both = [.. Host.Load(Host.Compile(first)), .. Host.Load(Host.Compile(second))];
        TextWriter console = Console.Error;
        using var error = new StringWriter();
        Console.SetError(error);
        try
        {
            Assert.Equal(2, await DasoApp.RunAsync(["list"], both));
        }
        finally
        {
            Console.SetError(console);
        }

        Assert.Equal($"error: {says}\n", error.ToString());
    }

    private static string Mistake(string source, Dictionary<string, IReadOnlyList<string>> given) => Assert.Throws<UserErrorException>(
        () => Expand(source, new RunOptions { Topology = new Topology(1, 1), Parameters = given })).Message;

    private static void Expand(string source, RunOptions options)
    {
        ExperimentDefinition definition = Assert.Single(Host.Load(Host.Compile(source)));
        SuitePlan.Expand(definition.Suite, [definition], options);
    }
}
