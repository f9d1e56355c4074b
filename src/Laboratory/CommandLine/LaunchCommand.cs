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
    private const string Mpirun = "mpirun";

    /// <summary>Where the images that docs/cluster.md describes have the program.</summary>
    private const string ContainerFolder = "/opt/daso";

    /// <summary>Options of sbatch that the script has from options of its own.</summary>
    private static readonly Dictionary<string, string> s_ownOptions = new()
    {
        ["nodes"] = SuiteCommand.NodesOption,
        ["ntasks-per-node"] = SuiteCommand.RanksPerNodeOption,
        ["ntasks"] = $"{SuiteCommand.NodesOption} and {SuiteCommand.RanksPerNodeOption}",
        ["time"] = "--time",
        ["job-name"] = "--job-name",
        ["array"] = "--array",
    };

    private readonly Option<string> _for = Text("--for", "What starts the ranks: slurm, mpiexec (MPICH's family) or mpirun (Open MPI).", Slurm);
    private readonly Option<string?> _output = new("--output")
    {
        Description = "File to write in place of standard output.",
        Recursive = true,
    };
    private readonly Option<string?> _program = new("--program")
    {
        Description = $"The published program (its .dll). Default: this one; with --container that in {ContainerFolder} of the image.",
        Recursive = true,
    };
    private readonly Option<string[]> _hosts = new("--hosts")
    {
        Description = "For mpiexec and mpirun: the nodes. Default: this machine.",
        AllowMultipleArgumentsPerToken = true,
        Recursive = true,
    };
    private readonly Option<string> _mpi = Text("--mpi", "For srun: how ranks find each other, as in pmi2 or pmix.", "pmi2");
    private readonly Option<string> _time = Text("--time", "For Slurm: the job's limit, as in 30, 1:30:00 or 2-00:00:00.", "1:00:00");
    private readonly Option<bool> _requeue = new("--requeue")
    {
        Description = "For Slurm: stops before the time is up, goes back to the queue and goes on with the same run, until it is done.",
        Recursive = true,
    };
    private readonly Option<string?> _name = new("--job-name") { Description = "For Slurm. Default: daso-SUITE.", Recursive = true };
    private readonly Option<string?> _array = new("--array")
    {
        Description = "For Slurm: a job array, with a job for each value of this option of the suite, as in --seeds 1 2 3 --array seeds.",
        Recursive = true,
    };
    private readonly Option<string[]> _sbatch = new("--sbatch")
    {
        Description = "For Slurm: more options of sbatch, by their long names, as in partition=gpu 'constraint=a100|h100' exclusive.",
        AllowMultipleArgumentsPerToken = true,
        Recursive = true,
    };

    private readonly Option<string[]> _modules = new("--module")
    {
        Description = "For Slurm: environment modules to load, as in openmpi/5.0 dotnet/10.",
        AllowMultipleArgumentsPerToken = true,
        Recursive = true,
    };
    private readonly Option<string?> _container = new("--container")
    {
        Description = "Runs the ranks in this image, by apptainer exec.",
        Recursive = true,
    };
    private readonly Option<string[]> _containerOptions = new("--container-options")
    {
        Description = "More options of apptainer exec, by their long names, as in bind=/opt/mpi env=DASO_MPI_LIBRARY=/opt/mpi/lib/libmpi.so.",
        AllowMultipleArgumentsPerToken = true,
        Recursive = true,
    };

    private LaunchCommand()
    {
    }

    internal static Command Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var options = new LaunchCommand();
        options._for.AcceptOnlyFromAmong(Slurm, Mpiexec, Mpirun);
        return new Command("launch", "Prints the batch script for Slurm, or the line for mpiexec or mpirun, that runs a suite on a cluster.")
        {
            options._for, options._output, options._program, options._hosts, options._mpi, options._time, options._requeue, options._name,
            options._array, options._sbatch, options._modules, options._container, options._containerOptions,
            SuiteCommand.Create(experiments, options.Launch),
        };
    }

    private static Option<string> Text(string name, string description, string value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value, Recursive = true };

    private int Launch(SuitePlan plan, ParseResult parsed)
    {
        if (SuiteCommand.NotUnderMpi(plan.Options) is string mistake)
            throw new UserErrorException(mistake);
        if (ClusterOption.IsEmbedded(parsed))
            throw new UserErrorException($"{ClusterOption.Name} {ClusterOption.Embedded}: launch starts processes under MPI; leave it out");
        bool isSlurm = parsed.GetValue(_for) == Slurm;
        if (parsed.GetValue(_requeue) && plan.Options.RunNote is not null)
            throw new UserErrorException($"{_requeue.Name}: the script notes the run itself; leave --run-note out");
        RequireOptionsOf(isSlurm, parsed);
        SuiteCommand.WarnOfData(plan, parsed.InvocationConfiguration.Error);
        string folder = Environment.CurrentDirectory;
        string program = ProgramOf(folder, parsed);
        (string Option, IReadOnlyList<string> Values)? array = ArrayOf(parsed);
        var script = new JobScript
        {
            Topology = plan.Options.Topology,
            Program = program,
            Arguments = ["suite", plan.Suite, .. Arguments(plan.Options.Topology, array?.Option, parsed)],
            WorkingFolder = folder,
            OutputFolder = plan.Options.OutputFolder,
            UsesGpus = plan.Options.Device == "cuda",
            SlurmOptions = SlurmOptions(plan, parsed),
            Array = array,
            SlurmMpi = parsed.GetValue(_mpi)!,
            Requeues = parsed.GetValue(_requeue),
            Modules = [.. (parsed.GetValue(_modules) ?? []).Select(name => OneLine(_modules.Name, name))],
            Container = parsed.GetValue(_container) is string image ? OneLine(_container.Name, image) : null,
            ContainerOptions = ContainerOptions(parsed),
            Hosts = Hosts(plan.Options.Topology, parsed),
        };
        string text = parsed.GetValue(_for) switch
        {
            Mpiexec => script.ForMpiexec(),
            Mpirun => script.ForMpirun(),
            _ => script.ForSlurm(),
        };
        if (parsed.GetValue(_output) is not string file)
        {
            parsed.InvocationConfiguration.Output.Write(text);
            return (int)ExitCode.Done;
        }

        AtomicFile.Write(file, partial => File.WriteAllText(partial, text), _output.Name);
        parsed.InvocationConfiguration.Error.WriteLine($"start it with: {(isSlurm ? "sbatch" : "bash")} {JobScript.Quote(file)}");
        return (int)ExitCode.Done;
    }

    private string ProgramOf(string folder, ParseResult parsed)
    {
        string name = $"{Assembly.GetEntryAssembly()!.GetName().Name}.dll";
        if (parsed.GetValue(_container) is not null)
            return parsed.GetValue(_program) ?? $"{ContainerFolder}/{name}";
        if (parsed.GetValue(_containerOptions) is { Length: > 0 })
            throw new UserErrorException($"{_containerOptions.Name}: there is no {_container.Name} that they are for");
        string program = parsed.GetValue(_program) ?? Path.GetRelativePath(folder, Path.Combine(AppContext.BaseDirectory, name));
        return File.Exists(program)
            ? program
            : throw new UserErrorException($"--program {program}: no such file; name the .dll of a published program");
    }

    /// <summary>The suite's options as they were given, but for those that the script names itself; the cluster always.</summary>
    private IEnumerable<string> Arguments(Topology topology, string? arrayOption, ParseResult parsed)
    {
        string?[] named = [SuiteCommand.OutputOption, SuiteCommand.NodesOption, SuiteCommand.RanksPerNodeOption, arrayOption];
        IEnumerable<string> others = GivenToSuite(parsed)
            .Where(given => !named.Contains(given.Option.Name))
            .SelectMany(given => given.Tokens.Select(token => token.Value).Prepend(given.Option.Name));
        return
        [
            SuiteCommand.NodesOption, topology.Nodes.ToString(CultureInfo.InvariantCulture),
            SuiteCommand.RanksPerNodeOption, topology.RanksPerNode.ToString(CultureInfo.InvariantCulture),
            .. others,
        ];
    }

    private IEnumerable<OptionResult> GivenToSuite(ParseResult parsed)
    {
        Option[] own =
            [_for, _output, _program, _hosts, _mpi, _time, _requeue, _name, _array, _sbatch, _modules, _container, _containerOptions];
        return parsed.CommandResult.Children.OfType<OptionResult>().Where(given => !given.Implicit && !own.Contains(given.Option));
    }

    /// <summary>The option of the suite whose values are dealt out to a job array, and the values; null: none is.</summary>
    private (string Option, IReadOnlyList<string> Values)? ArrayOf(ParseResult parsed)
    {
        if (parsed.GetValue(_array) is not string given)
            return null;
        string name = $"--{given.TrimStart('-')}";
        return GivenToSuite(parsed).FirstOrDefault(one => one.Option.Name == name) is { Tokens.Count: > 1 } option
            ? (name, [.. option.Tokens.Select(token => token.Value)])
            : throw new UserErrorException($"{_array.Name} {given}: {name} has no values to deal out; give it two or more, as in {name} 1 2");
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
        List<(string, string?)> options =
        [
            ("job-name", OneLine(_name.Name, parsed.GetValue(_name) ?? $"daso-{plan.Suite}")), ("time", time),
            ("output", parsed.GetValue(_array) is null ? "%x-%j.out" : "%x-%A_%a.out"),
        ];
        (string Name, string? Value)[] given = [.. (parsed.GetValue(_sbatch) ?? []).Select(SlurmOption)];
        if (given.CountBy(one => one.Name).FirstOrDefault(name => name.Value > 1).Key is string twice)
            throw new UserErrorException($"{_sbatch.Name} {twice}: given twice; leave one out");
        options.RemoveAll(one => given.Any(other => other.Name == one.Item1));
        return [.. options, .. given];
    }

    /// <summary>An option of sbatch as the user has written it: name or name=value.</summary>
    private (string Name, string? Value) SlurmOption(string given)
    {
        string[] parts = OneLine(_sbatch.Name, given).TrimStart('-').Split('=', 2);
        if (!LongName().IsMatch(parts[0]))
            throw new UserErrorException($"{_sbatch.Name} {given}: expected an option of sbatch by its long name, as in partition=gpu");
        return s_ownOptions.TryGetValue(parts[0], out string? own)
            ? throw new UserErrorException($"{_sbatch.Name} {given}: the script has it from {own}; give it there")
            : (parts[0], parts.Length == 2 ? parts[1] : null);
    }

    private IReadOnlyList<string> ContainerOptions(ParseResult parsed) =>
        [.. (parsed.GetValue(_containerOptions) ?? []).Select(given => $"--{OneLine(_containerOptions.Name, given).TrimStart('-')}")];

    private static string OneLine(string option, string value) => value.Any(char.IsControl)
        ? throw new UserErrorException($"{option}: line ends and other control characters do not fit into a batch script's line")
        : value;

    /// <summary>Refuses options of what does not start the ranks.</summary>
    private void RequireOptionsOf(bool isSlurm, ParseResult parsed)
    {
        Option[] others = isSlurm ? [_hosts] : [_mpi, _time, _requeue, _name, _array, _sbatch, _modules];
        if (others.FirstOrDefault(option => parsed.GetResult(option) is { Implicit: false }) is not Option given)
            return;
        throw new UserErrorException(isSlurm
            ? $"{given.Name}: Slurm chooses the nodes; say which with {_sbatch.Name} nodelist=…, or take {_for.Name} {Mpiexec}"
            : $"{given.Name}: of a batch script for Slurm; leave it out, or take {_for.Name} {Slurm}");
    }

    [GeneratedRegex("^[a-z][a-z0-9-]+$")]
    private static partial Regex LongName();

    [GeneratedRegex(@"^(\d+-)?\d+(:\d{1,2}){0,2}$")]
    private static partial Regex SlurmTime();
}
