using System.CommandLine;
using Daso.Cluster;
using Daso.Experiments;
using Daso.Training;

namespace Daso.CommandLine;

/// <summary><c>suite NAME</c>: runs a suite's experiments; one subcommand a suite, with the options of its parameters.</summary>
internal sealed class SuiteCommand : Command
{
    private SuiteCommand()
        : base("suite", "Runs a suite: trains every experiment with every strategy and prints the speed-up table.")
    {
    }

    internal static SuiteCommand Create(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var command = new SuiteCommand();
        foreach (IGrouping<string, ExperimentDefinition> suite in experiments.GroupBy(experiment => experiment.Suite))
            command.Add(new OneSuite(suite.Key, [.. suite]).Command);
        return command;
    }

    /// <summary>The subcommand of one suite.</summary>
    private sealed class OneSuite
    {
        private readonly string _name;
        private readonly IReadOnlyList<ExperimentDefinition> _experiments;
        private readonly List<(string Option, Option<string[]> Value)> _parameters = [];

        private readonly Option<int> _nodes = new("--nodes") { Description = "Nodes of the cluster.", DefaultValueFactory = _ => 2 };
        private readonly Option<int> _ranksPerNode = new("--ranks-per-node")
        {
            Description = "Ranks on each node.",
            DefaultValueFactory = _ => 2,
        };
        private readonly Option<string?> _link = new("--link")
        {
            Description = "Emulated link of each node: rate and latency as in 1gbit,50us, or unlimited. Default: as each experiment says.",
        };
        private readonly Option<string> _device = Choice("--device", "Where ranks compute.", "cpu", "cuda");
        private readonly Option<int[]> _seeds = List<int>("--seeds", "Seeds in place of the experiments' own.");
        private readonly Option<string[]> _strategies = List<string>("--strategies", "Strategies to run; the baseline always runs.");
        private readonly Option<string[]> _chosen = List<string>("--experiments", "Experiments to run.");
        private readonly Option<string?> _tier = new("--tier")
        {
            Description = "Runs a shorter or longer form that the experiments declare.",
        };
        private readonly Option<int?> _epochs = new("--epochs") { Description = "Epochs in place of the experiments' own." };
        private readonly Option<int?> _steps = new("--steps") { Description = "Ends each training after this many steps." };
        private readonly Option<int> _warmupSteps = new("--warmup-steps")
        {
            Description = "Untimed steps before each training.",
            DefaultValueFactory = _ => 3,
        };
        private readonly Option<int> _limit = new("--comm-timeout")
        {
            Description = "Seconds that a rank waits for the others in one operation.",
            DefaultValueFactory = _ => 300,
        };
        private readonly Option<string?> _checkpointEvery = new("--checkpoint-every")
        {
            Description = "Saves each training after so many epochs or steps, as in 1epoch or 100steps.",
        };
        private readonly Option<string?> _resume = new("--resume")
        {
            Description = "Goes on with an interrupted run, by its folder; the other options are those that it was started with.",
        };
        private readonly Option<string> _out = new("--out")
        {
            Description = "Folder that the run's folder is made in.",
            DefaultValueFactory = _ => RunOptions.DefaultOutputFolder(),
        };
        private readonly Option<string> _format = Choice("--format", "Of the result on standard output.", "table", "json");
        private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Prints the expanded plan and runs nothing." };

        private readonly MpiOptions _mpi = new();

        internal OneSuite(string name, IReadOnlyList<ExperimentDefinition> experiments)
        {
            _name = name;
            _experiments = experiments;
            Command = new Command(name, string.Join(" ", experiments.Select(experiment => experiment.Summary)))
            {
                _nodes, _ranksPerNode, _link, _device, _seeds, _strategies, _chosen, _tier, _epochs, _steps, _warmupSteps, _limit,
                _checkpointEvery, _resume, _out, _format, _dryRun,
            };
            _mpi.AddTo(Command, hasDevice: true);
            foreach (ParameterDefinition parameter in experiments.SelectMany(experiment => experiment.Parameters).DistinctBy(p => p.Option))
            {
                Option<string[]> option = List<string>(
                    $"--{parameter.Option}", $"{parameter.Help} ({parameter.TypeName}; default {string.Join(", ", parameter.Values)})");
                _parameters.Add((parameter.Option, option));
                Command.Add(option);
            }

            Command.SetAction(RunAsync);
        }

        internal Command Command { get; }

        private static Option<string> Choice(string name, string description, params string[] values)
        {
            var option = new Option<string>(name) { Description = description, DefaultValueFactory = _ => values[0] };
            option.AcceptOnlyFromAmong(values);
            return option;
        }

        private static Option<T[]> List<T>(string name, string description) =>
            new(name) { Description = $"{description} Several: separated by spaces.", AllowMultipleArgumentsPerToken = true };

        private Task<int> RunAsync(ParseResult parsed, CancellationToken cancelled)
        {
            Launcher? launcher = Launcher.Detect(Environment.GetEnvironmentVariable);
            if (launcher is not null && parsed.GetValue(_link) is string link)
                throw new UserErrorException($"--link {link}: links are emulated on the embedded cluster only; under MPI leave it out");
            var options = new RunOptions
            {
                Topology = new Topology(parsed.GetValue(_nodes), parsed.GetValue(_ranksPerNode)),
                Link = launcher is null ? parsed.GetValue(_link) : "unlimited",
                Device = parsed.GetValue(_device)!,
                Seeds = Given(parsed, _seeds),
                Strategies = Given(parsed, _strategies),
                Experiments = Given(parsed, _chosen),
                Tier = parsed.GetValue(_tier),
                Epochs = parsed.GetValue(_epochs),
                Steps = parsed.GetValue(_steps),
                WarmupSteps = parsed.GetValue(_warmupSteps),
                CheckpointEvery = parsed.GetValue(_checkpointEvery) is string every ? CheckpointInterval.Parse(every) : null,
                Resume = parsed.GetValue(_resume),
                OutputFolder = parsed.GetValue(_out)!,
                CommunicationLimit = TimeSpan.FromSeconds(parsed.GetValue(_limit)),
                Parameters = _parameters
                    .Where(parameter => Given(parsed, parameter.Value) is not null)
                    .ToDictionary(parameter => parameter.Option, parameter => (IReadOnlyList<string>)parsed.GetValue(parameter.Value)!),
            };
            if (options.CommunicationLimit <= TimeSpan.Zero)
                throw new UserErrorException($"--comm-timeout {parsed.GetValue(_limit)}: expected at least 1");

            _mpi.Check(parsed, options.Device);
            SuitePlan plan = SuitePlan.Expand(_name, _experiments, options);
            bool isJson = parsed.GetValue(_format) == "json";
            if (parsed.GetValue(_dryRun))
            {
                if (launcher is null or { Rank: 0 })
                    PlanPrinter.Print(plan, isJson);
                return Task.FromResult((int)ExitCode.Done);
            }

            if (launcher is null)
                return Task.Run(() => SuiteExecution.Run(plan, null, isJson, cancelled), CancellationToken.None);
            bool isTopologyGiven =
                parsed.GetResult(_nodes) is { Implicit: false } || parsed.GetResult(_ranksPerNode) is { Implicit: false };
            (int, int)? requested = isTopologyGiven ? (options.Topology.Nodes, options.Topology.RanksPerNode) : null;
            return Task.Run(
                () => MpiSession.Run(
                    launcher,
                    _mpi.Library(parsed),
                    options.Device,
                    _mpi.Settings(parsed, options.CommunicationLimit, requested),
                    cluster => SuiteExecution.Run(
                        plan with { Options = options with { Topology = cluster.Topology } }, cluster, isJson, cancelled)),
                CancellationToken.None);
        }

        private static T[]? Given<T>(ParseResult parsed, Option<T[]> option) =>
            parsed.GetResult(option) is { Implicit: false } && parsed.GetValue(option) is { Length: > 0 } values ? values : null;
    }
}
