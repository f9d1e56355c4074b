using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Daso.Generators.Tests;

/// <summary>What a change makes the generator compute again.</summary>
public sealed class IncrementalTests
{
    private static readonly string[] Sources =
        [Samples.Rich, Samples.Small("A", "a"), Samples.Small("B", "b"), "class Unrelated { int X() => 1; }"];

    [Fact]
    public void Same_compilation_is_cached()
    {
        CSharpCompilation compilation = Host.Compile(Sources);
        GeneratorRunResult second = Second(compilation, compilation.Clone());

        Assert.All(Reasons(second, StepNames.Experiments), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
        Assert.All(Reasons(second, StepNames.Registry), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
        Assert.Equal(4, OutputReasons(second).Count(r => r == IncrementalStepRunReason.Cached));
    }

    [Theory]
    [InlineData(3, "=> 1", "=> 2")]
    [InlineData(0, "new(Overlap ? 2 : 1)", "new(Overlap ? 3 : 1)")]
    [InlineData(1, "namespace", "\n// A remark.\nnamespace")]
    public void Edit_that_changes_no_specification_changes_nothing(int file, string old, string @new)
    {
        GeneratorRunResult second = AfterEdit(file, old, @new);

        Assert.All(Reasons(second, StepNames.Experiments), NothingNew);
        Assert.All(Reasons(second, StepNames.Registry), NothingNew);
        Assert.All(OutputReasons(second), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
    }

    [Fact]
    public void Edit_of_an_experiment_changes_its_file_only()
    {
        GeneratorRunResult second = AfterEdit(1, "[Epochs(1)]", "[Epochs(2)]");

        Assert.Single(Reasons(second, StepNames.Experiments), r => r == IncrementalStepRunReason.Modified);
        Assert.All(Reasons(second, StepNames.Registry), NothingNew);
        Assert.Single(OutputReasons(second), r => r == IncrementalStepRunReason.Modified);
        Assert.Equal(3, OutputReasons(second).Count(r => r == IncrementalStepRunReason.Cached));
    }

    [Fact]
    public void Rename_that_changes_the_order_changes_its_file_and_the_registry()
    {
        GeneratorRunResult second = AfterEdit(1, "\"a\"", "\"z\"");

        Assert.Single(Reasons(second, StepNames.Experiments), r => r == IncrementalStepRunReason.Modified);
        Assert.Equal([IncrementalStepRunReason.Modified], Reasons(second, StepNames.Registry));
        Assert.Equal(2, OutputReasons(second).Count(r => r == IncrementalStepRunReason.Modified));
    }

    [Fact]
    public void Moving_a_member_of_the_class_to_another_file_changes_nothing()
    {
        const string member = "private TinyModel Network => new(Overlap ? 2 : 1);";
        CSharpCompilation first = Host.Compile(Samples.Rich, "");
        CSharpCompilation second = Host.Compile(
            Samples.Rich.Replace(member, "", StringComparison.Ordinal),
            $"using Daso.Generators.Tests.Parts; namespace Sample.Suites; partial class DigitsTiny {{ {member} }}");

        Assert.All(OutputReasons(Second(first, second)), r => Assert.Equal(IncrementalStepRunReason.Cached, r));
    }

    /// <summary>By the identity of the texts: tracking the steps of so many takes longer than they do.</summary>
    [Fact]
    public void Edit_of_one_of_a_thousand_experiments_emits_that_one_and_the_registry()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string[] sources = [.. Enumerable.Range(0, 1000).Select(i => Samples.Small($"A{i}", $"a-{i}"))];
        CSharpCompilation first = Host.Compile(sources);
        GeneratorDriver warm = Host.Driver(isTracked: false).RunGenerators(first, cancellation);
        HashSet<SourceText> before = new(Generated(warm).Select(s => s.SourceText), ReferenceEqualityComparer.Instance);
        Assert.Equal(1001, before.Count);

        Assert.Equal(["Sample.Suites.A500.g.cs", "SuiteRegistry.g.cs"], EmittedAfter("\"a-500\"", "\"z\""));
        Assert.Equal(["Sample.Suites.A500.g.cs"], EmittedAfter("[Epochs(1)]", "[Epochs(2)]"));

        string[] EmittedAfter(string old, string @new)
        {
            SyntaxTree tree = first.SyntaxTrees.Single(t => t.FilePath == "file500.cs");
            SyntaxTree edited = Host.Tree(sources[500].Replace(old, @new, StringComparison.Ordinal), tree.FilePath);
            GeneratorDriver after = warm.RunGenerators(first.ReplaceSyntaxTree(tree, edited), cancellation);
            return [.. Generated(after).Where(s => !before.Contains(s.SourceText)).Select(s => s.HintName).Order(StringComparer.Ordinal)];
        }

        static IEnumerable<GeneratedSourceResult> Generated(GeneratorDriver driver) =>
            driver.GetRunResult().Results.Single().GeneratedSources;
    }

    private static GeneratorRunResult AfterEdit(int file, string old, string @new)
    {
        CSharpCompilation compilation = Host.Compile(Sources);
        SyntaxTree before = compilation.SyntaxTrees.Single(t => t.FilePath == $"file{file}.cs");
        SyntaxTree after = Host.Tree(Sources[file].Replace(old, @new, StringComparison.Ordinal), before.FilePath);
        Assert.NotEqual(before.ToString(), after.ToString());
        return Second(compilation, compilation.ReplaceSyntaxTree(before, after));
    }

    private static GeneratorRunResult Second(Compilation first, Compilation second)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        return Host.Driver().RunGenerators(first, cancellation).RunGenerators(second, cancellation).GetRunResult().Results.Single();
    }

    private static IncrementalStepRunReason[] Reasons(GeneratorRunResult result, string step) =>
        [.. result.TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Reason)];

    private static IncrementalStepRunReason[] OutputReasons(GeneratorRunResult result) =>
        [.. result.TrackedOutputSteps.SelectMany(s => s.Value).SelectMany(s => s.Outputs).Select(o => o.Reason)];

    private static void NothingNew(IncrementalStepRunReason reason) =>
        Assert.True(reason is IncrementalStepRunReason.Cached or IncrementalStepRunReason.Unchanged, reason.ToString());
}
