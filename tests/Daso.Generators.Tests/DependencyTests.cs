using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Daso.Generators.Tests;

/// <summary>After any edit the output is what a run from scratch gives, and no experiment is parsed that the edit cannot touch.</summary>
public sealed class DependencyTests
{
    private const string Experiment =
        """
        using Daso.Generators.Tests.Parts;

        namespace Sample.Suites;

        [Experiment(Shared.Name, Suite = "quickstart")]
        [Model(nameof(Network)), Data(nameof(Digits)), Optimizer(nameof(Sgd)), LearningRate(nameof(Rate))]
        [Strategy("ddp", nameof(Ddp), Baseline = true)]
        [Epochs(Neighbour.Length)]
        public partial class Digits1 : Parts
        {
            [Params(Shared.Width)] public int Width { get; init; }
            [Params] public Choice Choice { get; init; }
            [Params] public Neighbour.Mode Mode { get; init; }
            [Params(Neighbour.IWidths.Width, Neighbour.Shown)] public int Next { get; init; }
            private static TinyRate Rate => new(0.1);
        }
        """;

    private const string Other =
        """
        using Daso.Generators.Tests.Parts;

        namespace Sample.Suites;

        /// <summary>Help.</summary>
        partial class Digits1
        {
            [Params(1, 2)] public int More { get; init; }
            private TinyStrategy Ddp => new("ddp");
        }

        public static class Shared { public const string Name = "digits"; public const int Width = 8; }
        public enum Choice { Left, Right }
        public abstract class Parts
        {
            protected static TinyModel Network => new(1);
            protected TinyData Digits => new() { BatchPerRank = 1 };
            protected TinyOptimizer Sgd() { return new(0.9); }
        }
        """;

    private const string Body =
        """
        internal const int Length = 3; private int _state = 1;
            public enum Mode { A, B }
            public interface IWidths { const int Width = 8; }
            private const int Hidden = 1;
            public const int Shown = Hidden;
            [Params(5)] public int Own { get; init; }
        """;

    private static readonly string s_neighbour = Samples.Small("Neighbour", "neighbour", body: Body);

    private static readonly string[] s_sources = [Experiment, Other, s_neighbour];

    /// <summary>File, text there, what takes its place, and how many of the two experiments may depend on that.</summary>
    public static TheoryData<int, string, string, int> Edits => new()
    {
        { 0, "[Params(Shared.Width)]", "[Params(Shared.Width, 9)]", 1 },
        { 0, "new(0.1)", "new(0.2)", 1 },
        { 0, "Rate => new", "Rate { get; } = new", 1 },
        { 1, "Width = 8", "Width = 16", 2 },
        { 1, "\"digits\"", "\"digits-2\"", 2 },
        { 1, "Left, Right", "Left, Middle, Right", 2 },
        { 1, "protected static TinyModel", "protected TinyModel", 2 },
        { 1, "protected TinyData Digits", "private TinyData Digits", 2 },
        { 1, "[Params(1, 2)]", "[Params(3)]", 2 },
        { 1, "Help.", "Better help.", 2 },
        { 1, "TinyStrategy Ddp", "TinyRate Ddp", 2 },
        { 1, "return new(0.9);", "return new(0.8);", 0 },
        { 1, "new(\"ddp\")", "new(\"DDP\")", 0 },
        { 2, "Length = 3", "Length = 4", 2 },
        { 2, "_state = 1", "_state = 2", 1 },
        { 2, "{ A, B }", "{ Z, B }", 2 },
        { 2, "{ A, B }", "{ B, A }", 2 },
        { 2, "Width = 8", "Width = 9", 2 },
        { 2, "Hidden = 1", "Hidden = 2", 2 },
        { 2, "[Params(5)]", "[Params(6)]", 1 },
        { 2, "[Params(5)]", "[Obsolete, Params(5)]", 2 },
        { 2, "[Epochs(1)]", "[Epochs(2)]", 1 },
        { 2, "\"neighbour\"", "\"next\"", 1 },
        { 2, "using Daso", "global using Daso", 2 },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void Edit_gives_what_a_run_from_scratch_gives(int file, string old, string @new, int parsed)
    {
        GeneratorDriverRunResult edited = AfterEdit(s_sources, file, old, @new);

        Assert.Equal(parsed, edited.Results.Single().TrackedSteps[StepNames.Inputs]
            .SelectMany(step => step.Outputs)
            .Count(output => output.Reason is IncrementalStepRunReason.Modified or IncrementalStepRunReason.New));
    }

    [Theory]
    [InlineData("[Params(1)]", "")]
    [InlineData("virtual required", "virtual")]
    [InlineData("required int Width", "required int Height")]
    public void Edit_of_a_base_that_is_an_experiment_gives_what_a_run_from_scratch_gives(string old, string @new)
    {
        string @base = Samples.Small("Base", "base", body: "[Params(1)] public virtual required int Width { get; init; }");
        string derived = Samples.Small("Derived", "derived", body: "[Params(2)] public override required int Width { get; init; }")
            .Replace("class Derived", "class Derived : Base", StringComparison.Ordinal);
        AfterEdit([@base, derived], 0, old, @new);
    }

    [Fact]
    public void Another_reference_is_seen()
    {
        CSharpCompilation first = Host.Compile(s_sources);
        CSharpCompilation second = first.RemoveReferences(first.References.Single(r => r.Display!.EndsWith("Daso.Generators.Tests.dll", StringComparison.Ordinal)));
        CancellationToken cancellation = TestContext.Current.CancellationToken;

        GeneratorDriverRunResult edited = Host.Driver().RunGenerators(first, cancellation).RunGenerators(second, cancellation).GetRunResult();

        Assert.Equal(Host.Texts(Host.Generate(second)), Host.Texts(edited));
    }

    /// <summary>The warm generator's result, which is that of a run from scratch.</summary>
    private static GeneratorDriverRunResult AfterEdit(string[] sources, int file, string old, string @new)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        CSharpCompilation first = Host.Compile(sources);
        SyntaxTree before = first.SyntaxTrees.Single(tree => tree.FilePath == $"file{file}.cs");
        SyntaxTree after = Host.Tree(sources[file].Replace(old, @new, StringComparison.Ordinal), before.FilePath);
        Assert.NotEqual(before.ToString(), after.ToString());
        CSharpCompilation second = first.ReplaceSyntaxTree(before, after);

        GeneratorDriver warm = Host.Driver().RunGenerators(first, cancellation);
        Assert.Equal(3, Host.Texts(warm.GetRunResult()).Count);
        GeneratorDriverRunResult edited = warm.RunGenerators(second, cancellation).GetRunResult();

        Assert.Equal(Host.Texts(Host.Generate(second)), Host.Texts(edited));
        return edited;
    }

    [Fact]
    public void No_old_compilation_is_kept()
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        (GeneratorDriver driver, WeakReference old) = AfterEdits();

        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();

        Assert.False(old.IsAlive);
        GC.KeepAlive(driver.RunGenerators(Host.Compile(), cancellation));
    }

    [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
    private static (GeneratorDriver, WeakReference) AfterEdits()
    {
        CSharpCompilation compilation = Host.Compile(s_sources);
        var first = new WeakReference(compilation);
        GeneratorDriver driver = Host.Driver().RunGenerators(compilation);
        for (int i = 0; i < 3; i++)
        {
            SyntaxTree before = compilation.SyntaxTrees.Single(tree => tree.FilePath == "file2.cs");
            compilation = compilation.ReplaceSyntaxTree(before, Host.Tree($"// {i}\n{s_neighbour}", before.FilePath));
            driver = driver.RunGenerators(compilation);
        }

        return (driver, first);
    }
}
