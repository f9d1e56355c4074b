using System.CommandLine;
using Daso.Analysis;
using Daso.Cluster;
using Daso.Experiments;
using Daso.Recording;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary><c>replay RUN</c>: runs a run again from its manifest and compares bits, or statistics where bits cannot be the same.</summary>
internal sealed class ReplayCommand
{
    private readonly Argument<string> _run = new("RUN") { Description = "Folder of the run." };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Also where this program's specification is another: then statistics are compared.",
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder that the new run's folder is made in.",
        DefaultValueFactory = _ => RunOptions.DefaultOutputFolder(),
    };

    private readonly Option<string> _cluster = ClusterOption.Create();

    private readonly IReadOnlyList<ExperimentDefinition> _experiments;

    private ReplayCommand(IReadOnlyList<ExperimentDefinition> experiments) => _experiments = experiments;

    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var options = new ReplayCommand(experiments);
        var command = new Command("replay", "Runs a run again from its manifest and compares: bits on the same machine, else statistics.")
        {
            options._run, options._force, options._out, options._cluster,
        };
        command.SetAction(options.RunAsync);
        return command;
    }

    /// <summary>Gives the run's own command line to its suite, and compares once the suite has run.</summary>
    private Task<int> RunAsync(ParseResult parsed, CancellationToken cancelled)
    {
        string path = parsed.GetValue(_run)!;
        var run = RecordedRun.Open(path);
        Manifest manifest = run.Manifest;
        IReadOnlySet<CellId> cells = run.Complete();
        if (cells.Count == 0)
            throw new UserErrorException($"replay {path}: the run completed no cell; there is nothing to replay");
        Launcher? launcher = ClusterOption.FindLauncher(parsed);
        if (OnAnotherKindOfCluster(manifest, launcher) is string mistake)
            return Task.FromResult(MpiSession.Refuse(launcher, $"replay {path}: {mistake}"));

        var replayed = new ReplayedRun(Path.GetFullPath(path), manifest, cells, parsed.GetValue(_force));
        string output = Path.GetFullPath(parsed.GetValue(_out)!);
        Enter(manifest.WorkingFolder, parsed.InvocationConfiguration.Error);
        var root = new RootCommand
        {
            SuiteCommand.Create(_experiments, (plan, processes, _, cancelled) => Replay(
                plan with { Options = plan.Options with { Resume = null, Preflight = null, OutputFolder = output, Replays = replayed } },
                processes,
                parsed.InvocationConfiguration,
                cancelled)),
        };
        ParseResult command = root.Parse(CommandLineOf(manifest));
        if (command.Errors.Count > 0 || command.CommandResult.Command == root)
        {
            throw new UserErrorException(
                $"replay {path}: '{string.Join(' ', manifest.CommandLine)}' is no command of this program's suites; check out and build the "
                    + "run's commit");
        }

        return command.InvokeAsync(
            new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancelled);
    }

    /// <summary>Goes where the run was started: relative paths of its command line begin there.</summary>
    private static void Enter(string? workingFolder, TextWriter error)
    {
        if (Directory.Exists(workingFolder))
            Environment.CurrentDirectory = workingFolder;
        else if (workingFolder is not null)
            error.WriteLine($"warning: {workingFolder}, where the run was started, is not here; relative paths begin in this folder");
    }

    /// <summary>The run's, with the kind of cluster that it had, whatever this process's environment says.</summary>
    private static string[] CommandLineOf(Manifest manifest)
    {
        string kind = manifest.Cluster.HasRealLinks ? ClusterOption.Mpi : ClusterOption.Embedded;
        return [.. HomeFolder.Expand(ClusterOption.Without(manifest.CommandLine)), $"{ClusterOption.Name}={kind}"];
    }

    private static string? OnAnotherKindOfCluster(Manifest manifest, Launcher? launcher)
    {
        RecordedCluster cluster = manifest.Cluster;
        if (cluster.HasRealLinks == launcher is not null)
            return null;
        return cluster.HasRealLinks
            ? FormattableString.Invariant(
                $"the run was started under MPI; start replay likewise, {cluster.Ranks()} ranks on {cluster.Nodes} node(s)")
            : "the run was one process; replay it without mpiexec or srun";
    }

    private static int Replay(SuitePlan plan, ICluster? processes, InvocationConfiguration console, CancellationToken cancelled)
    {
        ReplayedRun replayed = plan.Options.Replays!;
        if (processes is null || processes.RanksHere.Contains(0))
            WarnOfSource(replayed.Manifest, SourceRevision.Detect(), console.Error);
        return SuiteExecution.RunAndShow(
            plan,
            processes,
            replay =>
            {
                RunSummary.Read(replay.Path).Write(replay);
                return Report(ReplayComparison.Of(replayed.Path, replay.Path), console);
            },
            cancelled);
    }

    private static void WarnOfSource(Manifest manifest, SourceRevision here, TextWriter error)
    {
        if (manifest.Source.Commit != here.Commit)
            error.WriteLine($"warning: the run was built from {manifest.Source.ShortName}, this program from {here.ShortName}");
        else if (manifest.Source.IsDirty != false || here.IsDirty != false)
            error.WriteLine($"warning: commit {here.ShortName}: files differed from it, or may have; what they held is not recorded");
    }

    private static ExitCode Report(ReplayComparison comparison, InvocationConfiguration console)
    {
        IAnsiConsole output = SpeedupTable.ConsoleFor(console.Output);
        output.WriteLine(comparison.WhyStatistics is string why
            ? $"compared by statistics, since there is {why}"
            : "compared bit by bit: the same specification, software and kind of machine");
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("Experiment", "Strategy", "Seed", "Run", "Replay", "Bits");
        foreach (ReplayedCell cell in comparison.Cells)
        {
            table.AddRow(
                cell.Cell.Experiment,
                cell.Cell.Strategy,
                FormattableString.Invariant($"{cell.Cell.Seed}"),
                Short(cell.First),
                Short(cell.Second),
                cell.IsSame ? "same" : "differ");
        }

        output.Write(table);
        ComparisonTable.Write(comparison.Comparison, output);
        IReadOnlyList<string> differences = comparison.Differences();
        foreach (string difference in differences)
            console.Error.WriteLine($"differs: {difference}");
        IReadOnlyList<string> notShown = comparison.NotShown();
        foreach (string figure in notShown)
            console.Error.WriteLine($"not shown: {figure}");
        (string outcome, ExitCode code) = (differences.Count, notShown.Count) switch
        {
            ( > 0, _) => ("not reproduced", ExitCode.WorseThanReference),
            (_, > 0) => ("not shown", ExitCode.RunFailed),
            _ => ("reproduced", ExitCode.Done),
        };
        output.WriteLine(outcome);
        return code;
    }

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];
}
