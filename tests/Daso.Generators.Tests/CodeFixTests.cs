using System.Collections.Immutable;
using Daso.Generators.CodeFixes;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;

namespace Daso.Generators.Tests;

/// <summary>A code fix makes of a mistake what a user would have written, and what compiles.</summary>
public sealed class CodeFixTests
{
    private static readonly CodeFixProvider[] s_fixes =
        [new AddPartial(), new KeepOneBaseline(), new AddSetter(), new RemoveSurplus(), new RemoveDuplicate(), new RewriteName()];

    /// <summary>A text of the rich sample, the mistake that takes its place, and what the fix makes of that.</summary>
    public static TheoryData<string, string, string, string> Mends => new()
    {
        { "DASO001", "public sealed partial class", "public sealed class", "public sealed partial class" },
        { "DASO001", "public sealed partial class", "/* Mine. */ class", "/* Mine. */ partial class" },
        { "DASO005", "\"digits-tiny\"", "\"Digits  Tiny!\"", "\"digits-tiny\"" },
        { "DASO005", "Suite = \"quickstart\"", "Suite = \"QuickStart\"", "Suite = \"quick-start\"" },
        { "DASO009", ", Baseline = true", "", ", Baseline = true" },
        { "DASO009", "Baseline = true", "Baseline = false", "Baseline = true" },
        { "DASO009", "nameof(Daso))", "nameof(Daso), Baseline = true)", "nameof(Daso))" },
        { "DASO012", "BatchPerRank { get; init; }", "BatchPerRank { get; }", "BatchPerRank { get; init; }" },
        { "DASO012", "BatchPerRank { get; init; }", "BatchPerRank => 8;", "BatchPerRank { get; init; } = 8;" },
        { "DASO012", "public int BatchPerRank", "public static int BatchPerRank", "public int BatchPerRank" },
        { "DASO015", "[Params(16, 32)]", "[Params(16, 32, 16)]", "[Params(16, 32)]" },
        { "DASO018", "[Seeds(7, 2)]\n", "[Seeds]\n", "" },
        { "DASO019", "[Seeds(7, 2)]", "[Seeds(7, 7)]", "[Seeds(7)]" },
        { "DASO019", "[Seeds(7, 2)]", "[Seeds(new[]{7, 2, 7})]", "[Seeds(new[]{7, 2})]" },
        { "DASO019", "[Seeds(7, 2)]", "[Seeds(values: new int[] { 7, 7, 2 })]", "[Seeds(values: new int[] { 7, 2 })]" },
        { "DASO019", "[Seeds(7, 2)]", "[Seeds([7, 2, 7])]", "[Seeds([7, 2])]" },
        { "DASO015", "[Params(16, 32)]", "[Params(new object[] { 16, 32, 16 })]", "[Params(new object[] { 16, 32 })]" },
        { "DASO015", "TierParams(\"tiny\", 4)", "TierParams(\"tiny\", new object[] { 4, 4 })", "TierParams(\"tiny\", new object[] { 4 })" },
        { "DASO028", "\"nightly\", \"gpu\"", "new[]{\"a\", \"b\", \"a\"}", "new[]{\"a\", \"b\"}" },
        {
            "DASO026",
            "[ParamsSource(nameof(Widths))]\n    public int Width",
            "// From a list.\n    [Params(8)]\n    [ParamsSource(nameof(Widths))]\n    public int Width",
            "// From a list.\n    [Params(8)]\n    public int Width"
        },
        { "DASO028", "\"nightly\", \"gpu\"", "\"nightly\", \"gpu\", \"gpu\"", "\"nightly\", \"gpu\"" },
        { "DASO028", "[Tags(", "[Tier(\"tiny\", Steps = 1), Tags(", "[Tags(" },
        { "DASO031", "[Tags(", "[Reference(\"laptop\", \"ddp\", \"quality\", 1, Upper = 0)]\n[Tags(", "[Tags(" },
        { "DASO034", "[Epochs(4)]", "[Epochs(4), Steps(9)]", "[Epochs(4)]" },
    };

    [Theory]
    [MemberData(nameof(Mends))]
    public async Task Mistake_is_mended(string id, string right, string wrong, string mended)
    {
        string source = Replace(Samples.Rich, right, wrong);

        string? after = await MendAsync(source, id);

        Assert.Equal(Replace(Samples.Rich, right, mended), after);
        Compilation compilation = Host.Compile(after!);
        Assert.Empty(await Host.AnalyzeAsync(compilation));
        Host.GenerateWithoutComplaint(compilation);
    }

    [Fact]
    public async Task Attribute_without_effect_is_removed_and_its_comment_stays() => Assert.Equal(
        "/// <summary>A.</summary>\npublic class A { }",
        await MendAsync("/// <summary>A.</summary>\n[Epochs(1)]\npublic class A { }", "DASO023"));

    [Theory]
    [InlineData("DASO005", "\"digits-tiny\"", "\"größe\"")]
    [InlineData("DASO012", "BatchPerRank { get; init; }", "BatchPerRank { get { return 8; } }")]
    [InlineData("DASO019", "[Seeds(7, 2)]", "[Seeds((new[] { 7, 2, 7 }))]")]
    public async Task Where_a_person_has_to_decide_there_is_no_fix(string id, string right, string wrong) =>
        Assert.Null(await MendAsync(Replace(Samples.Rich, right, wrong), id));

    /// <summary>The first diagnostic's file after its fix; null if there is none.</summary>
    private static async Task<string?> MendAsync(string source, string id)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        using var workspace = new AdhocWorkspace();
        Compilation compilation = Host.Compile(source);
        Project project = workspace.AddProject("Sample", LanguageNames.CSharp)
            .WithParseOptions(Host.Parsing)
            .WithCompilationOptions(compilation.Options)
            .WithMetadataReferences(compilation.References);
        foreach (SyntaxTree tree in compilation.SyntaxTrees)
            project = project.AddDocument(tree.FilePath, await tree.GetTextAsync(cancellation), filePath: tree.FilePath).Project;
        Compilation seen = (await project.GetCompilationAsync(cancellation))!;
        Diagnostic diagnostic = (await Host.AnalyzeAsync(seen)).First(found => found.Id == id);
        Document document = project.GetDocument(diagnostic.Location.SourceTree)!;

        var actions = new List<CodeAction>();
        var context = new CodeFixContext(document, diagnostic, (action, _) => actions.Add(action), cancellation);
        await s_fixes.Single(fix => fix.FixableDiagnosticIds.Contains(id)).RegisterCodeFixesAsync(context);
        if (actions.Count == 0)
            return null;

        ImmutableArray<CodeActionOperation> operations = await Assert.Single(actions).GetOperationsAsync(cancellation);
        Solution changed = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution;
        return (await changed.GetDocument(document.Id)!.GetTextAsync(cancellation)).ToString();
    }

    private static string Replace(string source, string old, string @new)
    {
        Assert.Equal(2, source.Split(old).Length);
        return source.Replace(old, @new, StringComparison.Ordinal);
    }
}
