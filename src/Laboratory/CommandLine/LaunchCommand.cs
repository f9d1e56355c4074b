using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Daso.Cluster;
using Daso.Experiments;
using Daso.Recording;

namespace Daso.CommandLine;

/// <summary>
/// <c>launch suite NAME</c>: how the suite is started on a cluster. The suite's options are parsed and its plan expanded here, so that a
/// mistake shows before the job waits in a queue.
/// </summary>
internal sealed partial class LaunchCommand
{
    private const string Slurm = "slurm";
    private const string Mpiexec = "mpiexec";

    private readonly Option<string> _for = Text("--for", "What starts the ranks: slurm or mpiexec.", Slurm);
    private readonly Option<string?> _output = new("--output")
    {
        Description = "File to write in place of standard output.",
        Recursive = true,
    };
    private readonly Option<string?> _program = new("--program")
    {
        Description = "The published program (its .dll). Default: this one.",
        Recursive = true,
    };
    private readonly Option<string[]> _hosts = new("--hosts")
    {
        Description = "For mpiexec: the nodes. Default: this machine.",
        AllowMultipleArgumentsPerToken = true,
        Recursive = true,
    };
    private readonly Option<string> _mpi = Text("--mpi", "For srun: how ranks find each other, as in pmi2 or pmix.", "pmi2");
    private readonly Option<string> _time = Text("--time", "For Slurm: the job's limit, as in 30, 1:30:00 or 2-00:00:00.", "1:00:00");
    private readonly Option<string?> _name = new("--job-name") { Description = "For Slurm. Default: daso-SUITE.", Recursive = true };
    private readonly Option<string[]> _sbatch = new("--sbatch")
    {
        Description = "For Slurm: more options of sbatch, as in partition=gpu account=p42 exclusive.",
        AllowMultipleArgumentsPerToken = true,
        Recursive = true,
    };

    private LaunchCommand()
    {
    }

    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var options = new LaunchCommand();
        options._for.AcceptOnlyFromAmong(Slurm, Mpiexec);
        return new Command("launch", "Prints the batch script for Slurm, or the line for mpiexec, that runs a suite on a cluster.")
        {
            options._for, options._output, options._program, options._hosts, options._mpi, options._time, options._name, options._sbatch,
            SuiteCommand.Create(experiments, options.Launch),
        };
    }

    private static Option<string> Text(string name, string description, string value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, Recursive = true };

    private int Launch(SuitePlan plan, ParseResult parsed)
    {
        if (SuiteCommand.NotUnderMpi(plan.Options) is string mistake)
            throw new UserErrorException(mistake);
        string folder = Environment.CurrentDirectory;
        string program = parsed.GetValue(_program)
            ?? Path.GetRelativePath(folder, Path.Combine(AppContext.BaseDirectory, $"{Assembly.GetEntryAssembly()!.GetName().Name}.dll"));
        if (!File.Exists(program))
            throw new UserErrorException($"--program {program}: no such file; name the .dll of a published program");
        var script = new JobScript
        {
            Topology = plan.Options.Topology,
            Program = program,
            Arguments = ["suite", plan.Suite, .. Arguments(plan.Options.Topology, parsed)],
            WorkingFolder = folder,
            OutputFolder = plan.Options.OutputFolder,
            UsesGpus = plan.Options.Device == "cuda",
            SlurmOptions = SlurmOptions(plan, parsed),
            SlurmMpi = JobScript.SlurmValue(_mpi.Name, parsed.GetValue(_mpi)!),
            Hosts = Hosts(plan.Options.Topology, parsed),
        };
        bool isSlurm = parsed.GetValue(_for) == Slurm;
        string text = isSlurm ? script.ForSlurm() : script.ForMpiexec();
        if (parsed.GetValue(_output) is not string file)
        {
            parsed.InvocationConfiguration.Output.Write(text);
            return (int)ExitCode.Done;
        }

        AtomicFile.Write(file, partial => File.WriteAllText(partial, text), _output.Name);
        parsed.InvocationConfiguration.Error.WriteLine($"start it with: {(isSlurm ? "sbatch" : "bash")} {JobScript.Quote(file)}");
        return (int)ExitCode.Done;
    }

    /// <summary>The suite's options as they were given, but for --out, which the script names itself; the cluster always.</summary>
    private IEnumerable<string> Arguments(Topology topology, ParseResult parsed)
    {
        Option[] own = [_for, _output, _program, _hosts, _mpi, _time, _name, _sbatch];
        string[] named = [SuiteCommand.OutputOption, SuiteCommand.NodesOption, SuiteCommand.RanksPerNodeOption];
        IEnumerable<string> others = parsed.CommandResult.Children.OfType<OptionResult>()
            .Where(given => !given.Implicit && !own.Contains(given.Option) && !named.Contains(given.Option.Name))
            .SelectMany(given => given.Tokens.Select(token => token.Value).Prepend(given.Option.Name));
        return
        [
            SuiteCommand.NodesOption, topology.Nodes.ToString(CultureInfo.InvariantCulture),
            SuiteCommand.RanksPerNodeOption, topology.RanksPerNode.ToString(CultureInfo.InvariantCulture),
            .. others,
        ];
    }

    private IReadOnlyList<string> Hosts(Topology topology, ParseResult parsed)
    {
        string[] hosts = [.. (parsed.GetValue(_hosts) ?? []).SelectMany(given => given.Split(','))];
        return hosts.Length == 0 || hosts.Length == topology.Nodes
            ? hosts
            : throw new UserErrorException($"{_hosts.Name}: {hosts.Length} hosts for {topology.Nodes} nodes; name as many as --nodes says");
    }

    private List<(string Option, string? Value)> SlurmOptions(SuitePlan plan, ParseResult parsed)
    {
        string time = parsed.GetValue(_time)!;
        if (!SlurmTime().IsMatch(time))
            throw new UserErrorException($"{_time.Name} {time}: expected minutes, hours:minutes:seconds or days-hours:minutes:seconds");
        string name = parsed.GetValue(_name) ?? $"daso-{plan.Suite}";
        List<(string, string?)> options = [("job-name", JobScript.SlurmValue(_name.Name, name)), ("time", time), ("output", "%x-%j.out")];
        foreach (string given in parsed.GetValue(_sbatch) ?? [])
        {
            string[] parts = JobScript.SlurmValue(_sbatch.Name, given).TrimStart('-').Split('=', 2);
            options.RemoveAll(one => one.Item1 == parts[0]);
            options.Add((parts[0], parts.Length == 2 ? parts[1] : null));
        }

        return options;
    }

    [GeneratedRegex(@"^(\d+-)?\d+(:\d{1,2}){0,2}$")]
    private static partial Regex SlurmTime();
}
