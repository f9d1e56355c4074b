using System.Globalization;
using BenchmarkDotNet.Attributes;
using Perfolizer.Mathematics.OutlierDetection;
using Daso.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace Daso.Benchmarks;

/// <summary>
/// The generator on a project of many experiments, each in a file of its own. Every run gets a compilation whose symbols nobody has asked
/// for yet, as after each keystroke. Beside it the same in the standard way, <see cref="StandardWayGenerator"/>.
/// </summary>
[InProcess, MemoryDiagnoser, Outliers(OutlierMode.DontRemove)]
public class GeneratorBenchmarks
{
    private CSharpCompilation _compilation = null!;
    private GeneratorDriver _warm = null!;
    private SyntaxTree _before = null!;
    private SyntaxTree _changed = null!;
    private SyntaxTree _commented = null!;
    private SyntaxTree _program = null!;
    private SyntaxTree _editedProgram = null!;

    /// <summary>Experiments in the project.</summary>
    [Params(30, 1000)]
    public int Experiments { get; set; }

    /// <summary>Whether experiments are found by ForAttributeWithMetadataName.</summary>
    [Params(false, true)]
    public bool StandardWay { get; set; }

    /// <summary>Compiles the project and runs the generator once.</summary>
    [GlobalSetup]
    public void Setup()
    {
        _program = Tree("Program.cs", SampleProject.Program(1));
        _editedProgram = Tree("Program.cs", SampleProject.Program(2));
        SyntaxTree[] trees = [.. Enumerable.Range(0, Experiments).Select(i => Tree(File(i), SampleProject.Experiment(i)))];
        _compilation = CSharpCompilation.Create("Sample", [_program, .. trees], SampleProject.References, new(OutputKind.ConsoleApplication));
        _before = trees[Experiments / 2];
        string text = _before.ToString();
        _changed = Tree(_before.FilePath, text.Replace("Epochs(5)", "Epochs(6)", StringComparison.Ordinal));
        _commented = Tree(_before.FilePath, "// A remark.\n" + text);
        _warm = Driver().RunGenerators(_compilation);

        GeneratorRunResult result = _warm.GetRunResult().Results.Single();
        if (result.Exception is not null || result.GeneratedSources.Length != Experiments + 1)
            throw new InvalidOperationException($"{result.GeneratedSources.Length} files for {Experiments} experiments: {result.Exception}");
    }

    /// <summary>As the first build.</summary>
    [Benchmark(Baseline = true)]
    public GeneratorDriver FromScratch() => Driver().RunGenerators(_compilation.Clone());

    /// <summary>Another number of epochs in one experiment.</summary>
    [Benchmark]
    public GeneratorDriver EditOfOneExperiment() => _warm.RunGenerators(_compilation.ReplaceSyntaxTree(_before, _changed));

    /// <summary>A comment in one experiment's file.</summary>
    [Benchmark]
    public GeneratorDriver CommentInOneExperiment() => _warm.RunGenerators(_compilation.ReplaceSyntaxTree(_before, _commented));

    /// <summary>Another statement in a method of a file without experiments.</summary>
    [Benchmark]
    public GeneratorDriver EditElsewhere() => _warm.RunGenerators(_compilation.ReplaceSyntaxTree(_program, _editedProgram));

    private static string File(int index) => string.Create(CultureInfo.InvariantCulture, $"Experiment{index}.cs");

    private static SyntaxTree Tree(string path, string text) => CSharpSyntaxTree.ParseText(SourceText.From(text), path: path);

    private CSharpGeneratorDriver Driver() =>
        CSharpGeneratorDriver.Create(StandardWay ? new StandardWayGenerator() : new ExperimentGenerator());
}
