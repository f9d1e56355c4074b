using System.CommandLine;
using Daso.Analysis;
using Daso.Cluster;
using Daso.Experiments;
using Daso.Recording;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary><c>replay RUN</c>: repeats a run from its manifest and compares bits, or statistics where bits cannot be the same.</summary>
internal sealed class ReplayCommand
{
    private readonly Argument<string> _run = new("RUN") { Description = "Folder of the run." };

    private readonly Option<bool> _force = new("--force")
    {
        Description = "Also where this program's specification is another: then statistics are compared.",
    };

    private readonly Option<string> _out = new("--out")
    {
        Description = "Folder that the repetition's folder is made in.",
        DefaultValueFactory = _ => RunOptions.DefaultOutputFolder(),
    };

    private readonly IReadOnlyList<ExperimentDefinition> _experiments;

    private ReplayCommand(IReadOnlyList<ExperimentDefinition> experiments) => _experiments = experiments;

    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var options = new ReplayCommand(experiments);
        var command = new Command("replay", "Repeats a run from its manifest and compares: bits on the same machine, else statistics.")
        {
            options._run, options._force, options._out,
        };
        command.SetAction((parsed, cancelled) => Task.Run(() => options.Run(parsed, cancelled), CancellationToken.None));
        return command;
    }

    private int Run(ParseResult parsed, CancellationToken cancelled)
    {
        string path = parsed.GetValue(_run)!;
        RunFolder folder = RunFolder.Open(path);
        Manifest manifest = Manifest.Read(folder);
        IReadOnlySet<CellId> cells = RunEvents.ReadEnded(folder);
        if (cells.Count == 0)
            throw new UserErrorException($"replay {path}: the run completed no cell; there is nothing to repeat");
        if (Launcher.Detect(Environment.GetEnvironmentVariable) is not null
            || manifest.Settings.GetValueOrDefault("cluster") != EmbeddedCluster.Kind)
        {
            throw new UserErrorException(
                $"replay {path}: runs under MPI are not replayed yet; repeat its command ({string.Join(' ', manifest.CommandLine)}) and compare");
        }

        SuitePlan plan = PlanOf(path, manifest);
        plan = plan with
        {
            Options = plan.Options with
            {
                Resume = null,
                Preflight = null,
                OutputFolder = parsed.GetValue(_out)!,
                Repeats = new Repetition(path, manifest, cells, parsed.GetValue(_force)),
            },
        };
        TextWriter error = parsed.InvocationConfiguration.Error;
        WarnOfSource(manifest, SourceRevision.Detect(), error);
        RunFolder repeated = SuiteExecution.Train(plan, null, cancelled)!;
        RunSummary.Read(repeated.Path).Write(repeated);
        error.WriteLine($"records: {repeated.Path}");
        return Report(Replication.Of(path, repeated.Path), parsed.InvocationConfiguration);
    }

    /// <summary>The plan that the run's command line asks for today.</summary>
    private SuitePlan PlanOf(string path, Manifest manifest)
    {
        SuitePlan? plan = null;
        var root = new RootCommand
        {
            SuiteCommand.Create(_experiments, (expanded, _) =>
            {
                plan = expanded;
                return (int)ExitCode.Done;
            }),
        };
        ParseResult parsed = root.Parse([.. manifest.CommandLine]);
        if (parsed.Errors.Count == 0)
            parsed.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        return plan ?? throw new UserErrorException(
            $"replay {path}: '{string.Join(' ', manifest.CommandLine)}' is no command of this program's suites; check out and build the "
                + "run's commit");
    }

    private static void WarnOfSource(Manifest manifest, SourceRevision here, TextWriter error)
    {
        if (manifest.Source.Commit != here.Commit)
            error.WriteLine($"warning: the run was built from {manifest.Source.ShortName}, this program from {here.ShortName}");
        else if (manifest.Source.IsDirty != false || here.IsDirty != false)
            error.WriteLine($"warning: commit {here.ShortName}: files differed from it, or may have; what they held is not recorded");
    }

    private static int Report(Replication replication, InvocationConfiguration console)
    {
        IAnsiConsole output = SpeedupTable.ConsoleFor(console.Output);
        output.WriteLine(replication.WhyStatistics is string why
            ? $"compared by statistics, since there is {why}"
            : "compared bit by bit: the same specification, software and kind of machine");
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("Experiment", "Strategy", "Seed", "Run", "Repetition", "Bits");
        foreach (RepeatedCell cell in replication.Cells)
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
        ComparisonTable.Write(replication.Comparison, output);
        IReadOnlyList<string> differences = replication.Differences();
        foreach (string difference in differences)
            console.Error.WriteLine($"differs: {difference}");
        output.WriteLine(differences.Count == 0 ? "replicated" : "not replicated");
        return (int)(differences.Count == 0 ? ExitCode.Done : ExitCode.WorseThanReference);
    }

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];
}
