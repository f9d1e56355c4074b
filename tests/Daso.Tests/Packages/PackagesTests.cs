using System.IO.Compression;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Daso.Recording;

namespace Daso.Tests.Packages;

/// <summary>What a user has who takes the packages, and nothing else of this repository.</summary>
public sealed class PackagesTests : IDisposable
{
    private const string Summary = "waves-resnet18: A small ResNet-18 tells waves apart.";

    private static readonly string s_repository = Path.GetFullPath(Path.Combine(Here(), "../../../.."));

    private readonly string _folder = Directory.CreateTempSubdirectory("daso-packages-").FullName;

    /// <summary>
    /// Packs, makes a project from the packed template with the strategy that docs/strategies.md shows, builds it against the packed packages
    /// and runs it.
    /// </summary>
    [Fact]
    public void Project_from_the_template_builds_and_runs_with_the_packages_alone()
    {
        DotNet dotnet = MakeProject();
        AddOwnStrategy();
        dotnet.Run("build", "FirstSuite", "-p:UseSharedCompilation=false", "-m:1");

        string program = Path.Combine(_folder, "FirstSuite", "bin", "Debug", "net10.0", "FirstSuite.dll");
        Assert.Contains(Summary, dotnet.Run(program, "list"), StringComparison.Ordinal);
        string help = dotnet.Run(program, "suite", "waves", "--help");
        Assert.Contains("--batch-per-rank", help, StringComparison.Ordinal);
        Assert.Contains("Images that a rank sees in one step.", help, StringComparison.Ordinal);
        string table = dotnet.Run(program, "suite", "waves", "--steps", "2", "--nodes", "1", "--ranks-per-node", "2", "--seeds", "1");
        Assert.All(["ddp", "daso", "local", "own"], strategy => Assert.Contains(strategy, table, StringComparison.Ordinal));
    }

    /// <summary>Built in a work tree beside its repository, started inside another repository after the source has changed.</summary>
    [Fact]
    public void A_run_names_the_commit_that_its_program_was_built_from()
    {
        DotNet dotnet = MakeProject();
        File.WriteAllText(Path.Combine(_folder, "FirstSuite", ".gitignore"), "bin/\nobj/\n");
        string commit = Commit(dotnet, "FirstSuite");
        dotnet.Execute("git", "-C", "FirstSuite", "worktree", "add", "--quiet", "../Tree");
        dotnet.Run("publish", "Tree", "-p:UseSharedCompilation=false", "-m:1", "-o", "published");
        File.WriteAllText(Path.Combine(_folder, "Tree", "new.cs"), "");
        Directory.CreateDirectory(Path.Combine(_folder, "paper"));
        Commit(dotnet, "paper");

        new DotNet(Path.Combine(_folder, "paper"), "").Run(
            Path.Combine(_folder, "published", "FirstSuite.dll"),
            "suite", "waves", "--steps", "1", "--nodes", "1", "--ranks-per-node", "1", "--seeds", "1", "--strategies", "ddp", "--out", "runs");

        string run = Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "paper", "runs")));
        Assert.Equal(new SourceRevision(commit, false), Manifest.Read(RunFolder.Open(run)).Source);
        Assert.Contains($"-{commit[..7]}-", run, StringComparison.Ordinal);
    }

    /// <summary>So that the class in the README is one that builds and runs.</summary>
    [Fact]
    public void The_readme_shows_the_templates_class_in_under_30_lines()
    {
        string file = File.ReadAllText(Path.Combine(s_repository, "src", "Templates", "daso-suite", "WavesResNet.cs"));
        string type = file[file.IndexOf("/// <summary>", StringComparison.Ordinal)..];

        Assert.Contains($"```csharp\n{type}```", File.ReadAllText(Path.Combine(s_repository, "README.md")), StringComparison.Ordinal);
        Assert.InRange(type.Count(character => character == '\n'), 1, 29);
    }

    /// <summary>Nothing that the registry, the records and the report need is trimmed away.</summary>
    [Fact]
    public void Trimmed_program_lists_plans_trains_and_reports()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable("DASO_TEST_PUBLISH") == "1", "takes a minute; set DASO_TEST_PUBLISH=1 to run it");
        DotNet dotnet = MakeProject();
        dotnet.Run(
            "publish", "FirstSuite", "-r", "linux-x64", "-p:PublishTrimmed=true", "-p:UseSharedCompilation=false", "-m:1", "-o", "published");

        string program = Path.Combine(_folder, "published", "FirstSuite");
        Assert.Contains(Summary, dotnet.Execute(program, "list"), StringComparison.Ordinal);
        Assert.Contains("1. ddp, seed 1", dotnet.Execute(program, "suite", "waves", "--dry-run"), StringComparison.Ordinal);
        dotnet.Execute(program, "suite", "waves", "--steps", "2", "--nodes", "1", "--ranks-per-node", "2", "--seeds", "1", "--out", "runs");
        string run = Assert.Single(Directory.GetDirectories(Path.Combine(_folder, "runs")));
        dotnet.Execute(program, "report", run, "--out", "report");
        Assert.Contains("<svg", File.ReadAllText(Path.Combine(_folder, "report", "report.html")), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>Packs, and makes FirstSuite from the packed template in the test's folder.</summary>
    private DotNet MakeProject()
    {
        string feed = Directory.CreateDirectory(Path.Combine(_folder, "feed")).FullName;
        var dotnet = new DotNet(_folder, Path.Combine(_folder, "cache"));
        Pack(feed);
        Assert.Equal(["Daso.Generators.CodeFixes.dll", "Daso.Generators.dll"], Analyzers(feed));
        Assert.DoesNotContain(Dependencies(feed), name => name.StartsWith("ScottPlot", StringComparison.Ordinal)
            || name.StartsWith("Spectre", StringComparison.Ordinal)
            || name.StartsWith("SkiaSharp", StringComparison.Ordinal)
            || name == "System.CommandLine");
        File.WriteAllText(Path.Combine(_folder, "nuget.config"), Sources(feed, GlobalPackages()));

        // Templates are installed in a place of this test, not in the user's.
        string template = Assert.Single(Directory.GetFiles(feed, "Daso.Templates.*.nupkg"));
        string[] hive = ["--debug:custom-hive", Path.Combine(_folder, "hive")];
        dotnet.Run(["new", "install", template, .. hive]);
        dotnet.Run(["new", "daso-suite", "--name", "FirstSuite", .. hive]);
        return dotnet;
    }

    /// <summary>Puts the page's strategy, which is shorter than 60 lines, beside the template's.</summary>
    private void AddOwnStrategy()
    {
        string page = File.ReadAllText(Path.Combine(s_repository, "docs", "strategies.md"));
        string code = page.Split("```csharp\n")[1].Split("```")[0];
        Assert.InRange(code.Count(character => character == '\n'), 1, 59);
        File.WriteAllText(Path.Combine(_folder, "FirstSuite", "OuterMomentumSpec.cs"), code.Replace("MySuite", "FirstSuite", StringComparison.Ordinal));
        string experiment = Path.Combine(_folder, "FirstSuite", "WavesResNet.cs");
        File.WriteAllText(experiment, File.ReadAllText(experiment)
            .Replace("[Seeds(", "[Strategy(\"own\", nameof(Own))]\n[Seeds(", StringComparison.Ordinal)
            .Replace("    private StrategySpec Ddp ", "    private StrategySpec Own => new OuterMomentumSpec { Period = 2 };\n    private StrategySpec Ddp ", StringComparison.Ordinal));
    }

    /// <summary>Makes a folder a repository with one commit; returns the commit.</summary>
    private static string Commit(DotNet tools, string folder)
    {
        string[] git = ["-C", folder, "-c", "user.name=T", "-c", "user.email=t@localhost"];
        tools.Execute("git", [.. git, "init", "--quiet"]);
        tools.Execute("git", [.. git, "add", "."]);
        tools.Execute("git", [.. git, "commit", "--quiet", "--allow-empty", "-m", "first"]);
        return tools.Execute("git", [.. git, "rev-parse", "HEAD"]).Trim();
    }

    /// <summary>What the package Daso gives the compiler and editors.</summary>
    private static string[] Analyzers(string feed)
    {
        using ZipArchive library = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(feed, "Daso.0.1.0-test.*.nupkg")));
        return
        [
            .. library.Entries.Where(entry => entry.FullName == "analyzers/dotnet/cs/" + entry.Name)
                .Select(entry => entry.Name)
                .Order(StringComparer.Ordinal),
        ];
    }

    /// <summary>The packages that the package Daso asks for.</summary>
    private static string[] Dependencies(string feed)
    {
        using ZipArchive library = ZipFile.OpenRead(Assert.Single(Directory.GetFiles(feed, "Daso.0.1.0-test.*.nupkg")));
        using Stream specification = library.GetEntry("Daso.nuspec")!.Open();
        return [.. XDocument.Load(specification).Descendants().Where(node => node.Name.LocalName == "dependency").Select(node => node.Attribute("id")!.Value)];
    }

    /// <summary>Packs what this test was built with, under a version that no cache can have.</summary>
    private static void Pack(string feed)
    {
        string configuration = typeof(PackagesTests).Assembly.GetCustomAttribute<AssemblyConfigurationAttribute>()!.Configuration;
        string[] options = ["-c", configuration, "-o", feed, "-m:1", $"-p:PackageVersion=0.1.0-test.{Guid.NewGuid():N}"];
        var dotnet = new DotNet(s_repository, GlobalPackages());
        foreach (string library in (string[])["Daso", "Baselines", "Images", "Laboratory"])
            dotnet.Run(["pack", $"src/{library}", "--no-build", .. options]);
        dotnet.Run(["pack", "src/Templates", .. options]);
    }

    /// <summary>The machine's sources and one more; packages that the machine has already are not copied.</summary>
    private static string Sources(string feed, string globalPackages) =>
        $"""
        <configuration>
          <packageSources>
            <add key="packed" value="{feed}" />
          </packageSources>
          <fallbackPackageFolders>
            <add key="machine" value="{globalPackages}" />
          </fallbackPackageFolders>
        </configuration>
        """;

    private static string GlobalPackages() =>
        Environment.GetEnvironmentVariable("NUGET_PACKAGES")
        ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string Here([CallerFilePath] string path = "") => path;
}
