using System.CommandLine;
using System.Globalization;
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

    /// <summary>The name of the option for the folder of the runs.</summary>
    internal const string OutputOption = "--out";

    /// <summary>The name of the option for N.</summary>
    internal const string NodesOption = "--nodes";

    /// <summary>The name of the option for G.</summary>
    internal const string RanksPerNodeOption = "--ranks-per-node";

    /// <param name="experiments">Those of all suites.</param>
    /// <param name="run">Runs a plan.</param>
    internal static SuiteCommand Create(IReadOnlyList<ExperimentDefinition> experiments, PlanRunner run) =>
        Create(experiments, run, null);

    /// <param name="experiments">Those of all suites.</param>
    /// <param name="inPlaceOfRunning">Takes the plan and the command line, on no cluster.</param>
    internal static SuiteCommand Create(IReadOnlyList<ExperimentDefinition> experiments, Func<SuitePlan, ParseResult, int> inPlaceOfRunning) =>
        Create(experiments, SuiteExecution.Run, inPlaceOfRunning);

    private static SuiteCommand Create(
        IReadOnlyList<ExperimentDefinition> experiments, PlanRunner run, Func<SuitePlan, ParseResult, int>? inPlaceOfRunning)
    {
        var command = new SuiteCommand();
        foreach (IGrouping<string, ExperimentDefinition> suite in experiments.GroupBy(experiment => experiment.Suite))
            command.Add(new OneSuite(suite.Key, [.. suite], run, inPlaceOfRunning).Command);
        return command;
    }

    /// <summary>What of the options cannot be done under MPI; null: nothing.</summary>
    internal static string? NotUnderMpi(RunOptions options) => options switch
    {
        { Link: string link } => $"--link {link}: links are emulated on the embedded cluster only; under MPI leave it out",
        _ => null,
    };

    /// <summary>
    /// Looks at the data of a plan that is not run here. Where it is missing or damaged that is a warning: a job's nodes may see what this
    /// machine does not.
    /// </summary>
    internal static void WarnOfData(SuitePlan plan, TextWriter error)
    {
        try
        {
            plan.LookAtData();
        }
        catch (UserErrorException mistake)
        {
            error.WriteLine($"warning: {mistake.Message} (as seen from this machine)");
        }
    }

    /// <summary>The subcommand of one suite.</summary>
    private sealed class OneSuite
    {
        // Longer than queues allow, and less than a timer takes.
        private static readonly TimeSpan s_mostTime = TimeSpan.FromDays(40);

        private readonly string _name;
        private readonly IReadOnlyList<ExperimentDefinition> _experiments;
        private readonly PlanRunner _run;
        private readonly Func<SuitePlan, ParseResult, int>? _inPlaceOfRunning;
        private readonly List<(string Option, Option<string[]> Value)> _parameters = [];

        private readonly Option<int> _nodes = new(NodesOption) { Description = "Nodes of the cluster.", DefaultValueFactory = _ => 2 };
        private readonly Option<int> _ranksPerNode = new(RanksPerNodeOption)
        {
            Description = "Ranks on each node.",
            DefaultValueFactory = _ => 2,
        };
        private readonly Option<string[]> _links = List<string>(
            "--link",
            "Emulated link of each node: rate and latency as in 1gbit,50us, or unlimited; a run for each. Default: as each experiment says.");
        private readonly Option<string> _device = ChoiceOption.Of("--device", "Where ranks compute.", "cpu", "cuda");
        private readonly Option<string?> _precision = new("--precision")
        {
            Description = $"What models compute in: {string.Join(", ", PrecisionSpec.Names)}. Default: as each experiment says.",
        };
        private readonly Option<int[]> _seeds = List<int>("--seeds", "Seeds in place of the experiments' own.");
        private readonly Option<string[]> _strategies = List<string>("--strategies", "Strategies to run; the baseline always runs.");
        private readonly Option<bool> _aa = new("--aa")
        {
            Description = "Trains one strategy under three names and says what this machine can tell apart; the baseline, or --strategies NAME.",
        };
        private readonly Option<string[]> _chosen = List<string>("--experiments", "Experiments to run.");
        private readonly Option<string?> _tier = new("--tier")
        {
            Description = "Runs a shorter or longer form that the experiments declare.",
        };
        private readonly Option<int?> _epochs = new("--epochs") { Description = "Epochs in place of the experiments' own." };
        private readonly Option<int?> _steps = new("--steps") { Description = "Ends each training after this many steps." };
        private readonly Option<int> _warmupSteps = new("--warmup-steps")
        {
            Description = "Untimed steps before each training, twice as many in all; 0: none, nor a training that is thrown away before the first.",
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
        private readonly Option<string?> _runNote = new("--run-note")
        {
            Description = "File that names the run to go on with; where it is missing, a new run is started and noted there.",
        };
        private readonly Option<string?> _checkpointFolder = new("--checkpoint-folder")
        {
            Description = "Folder for checkpoints in place of the run's; each machine may have its own.",
        };
        private readonly Option<int?> _keepCheckpoints = new("--keep-checkpoints")
        {
            Description = "Keeps so many of a training's last checkpoints, after its end, too. Default: the last, until its end.",
        };
        private readonly Option<bool> _saveWeights = new("--save-weights")
        {
            Description = "Writes each training's final weights into the run's folder, as safetensors.",
        };
        private readonly Option<string?> _maximumTime = new("--max-time")
        {
            Description = "Stops after this time with a checkpoint and exit code 75, as in 23h or 50m. So do SIGTERM and SIGUSR1.",
        };
        private readonly Option<bool> _retryFailed = new("--retry-failed")
        {
            Description = "With --resume: trains also what failed; without it such trainings are left out.",
        };
        private readonly Option<bool> _checkData = new("--check-data")
        {
            Description = "Reads all files of the data before the training and names every damaged one.",
        };
        private readonly Option<int> _maximumBadSamples = new("--max-bad-samples")
        {
            Description = "Reads all files before the training and leaves out so many damaged samples at most.",
        };
        private readonly Option<string> _out = new(OutputOption)
        {
            Description = "Folder that the run's folder is made in.",
            DefaultValueFactory = _ => RunOptions.DefaultOutputFolder(),
        };
        private readonly Option<string> _format = ChoiceOption.Format();
        private readonly Option<bool> _legend = new("--legend") { Description = "Says below the table what its columns mean." };
        private readonly Option<bool> _dryRun = new("--dry-run") { Description = "Prints the expanded plan and runs nothing." };

        private readonly Option<bool> _ranking = new("--ranking")
        {
            Description = "Adds a table with the strategies in the order in which they reach the target, and what each averages and keeps.",
        };

        private readonly Option<int?> _preflight = new("--preflight")
        {
            Description = "Measures the communicators for about this many seconds before the training; stored as preflight.json.",
        };

        private readonly MpiOptions _mpi = new();

        internal OneSuite(
            string name,
            IReadOnlyList<ExperimentDefinition> experiments,
            PlanRunner run,
            Func<SuitePlan, ParseResult, int>? inPlaceOfRunning)
        {
            _name = name;
            _experiments = experiments;
            _run = run;
            _inPlaceOfRunning = inPlaceOfRunning;
            Command = new Command(name, string.Join(" ", experiments.Select(experiment => ListCommand.FirstSentence(experiment.Summary))))
            {
                _nodes, _ranksPerNode, _links, _device, _precision, _seeds, _strategies, _aa, _chosen, _tier, _epochs, _steps, _warmupSteps, _limit,
                _checkpointEvery, _checkpointFolder, _keepCheckpoints, _saveWeights, _resume, _runNote, _retryFailed, _maximumTime, _checkData,
                _maximumBadSamples, _preflight, _out, _format, _legend, _dryRun, _ranking,
            };
            _precision.AcceptOnlyFromAmong([.. PrecisionSpec.Names]);
            _mpi.AddTo(Command, hasDevice: true);
            foreach (string parameter in experiments.SelectMany(experiment => experiment.Parameters).Select(one => one.Option).Distinct())
            {
                Option<string[]> option = List<string>($"--{parameter}", Describe(parameter));
                _parameters.Add((parameter, option));
                Command.Add(option);
            }

            Command.SetAction(RunAsync);
        }

        internal Command Command { get; }

        /// <summary>What an option says of itself: by experiment, where they differ in it.</summary>
        private string Describe(string option)
        {
            (string Experiment, string Text)[] all =
            [
                .. from experiment in _experiments
                   from parameter in experiment.Parameters
                   where parameter.Option == option
                   select (experiment.Name, $"{parameter.Help} ({parameter.TypeName}; {Default(parameter)})"),
            ];
            IGrouping<string, string>[] texts = [.. all.GroupBy(one => one.Text, one => one.Experiment)];
            return texts.Length == 1
                ? texts[0].Key
                : string.Join(" ", texts.Select(same => $"In {string.Join(", ", same)}: {same.Key}."));
        }

        private static string Default(ParameterDefinition parameter) => parameter.Values is SourceValues values
            ? $"default: what {values.Source} gives; list shows it"
            : $"default {string.Join(", ", parameter.Values)}";

        private static Option<T[]> List<T>(string name, string description) =>
            new(name) { Description = $"{description} Several: separated by spaces.", AllowMultipleArgumentsPerToken = true };

        private Task<int> RunAsync(ParseResult parsed, CancellationToken cancelled)
        {
            RunOptions options = Options(parsed);
            if (options is { RetriesFailed: true, Resume: null, RunNote: null })
                throw new UserErrorException($"{_retryFailed.Name}: of which run? Name its folder with {_resume.Name}");
            if (options is { Resume: not null, RunNote: not null })
                throw new UserErrorException($"{_runNote.Name}: {_resume.Name} names the run already; leave one of them out");
            _mpi.Check(parsed, options.Device);
            if (_inPlaceOfRunning is not null)
                return Task.FromResult(_inPlaceOfRunning(SuitePlan.Expand(_name, _experiments, options), parsed));

            Launcher? launcher = ClusterOption.FindLauncher(parsed);
            if (launcher is not null)
            {
                if (NotUnderMpi(options) is string mistake)
                    return Task.FromResult(MpiSession.Refuse(launcher, mistake));
                options = options with { Link = "unlimited" };
            }

            SuitePlan[] plans = [.. Links(parsed, options).Select(link => SuitePlan.Expand(_name, _experiments, options with { Link = link }))];
            bool isJson = parsed.IsJson(_format);
            if (parsed.GetValue(_dryRun))
            {
                if (launcher is not (null or { Rank: 0 }))
                    return Task.FromResult((int)ExitCode.Done);
                WarnOfData(plans[0], parsed.InvocationConfiguration.Error);
                foreach (SuitePlan plan in plans)
                    PlanPrinter.Print(plan, isJson, parsed.InvocationConfiguration.Output);
                return Task.FromResult((int)ExitCode.Done);
            }

            return Task.Run(
                () => launcher is null
                    ? RunInTurn(plans, isJson, cancelled)
                    : RunAsRank(launcher, plans[0], isJson, parsed, cancelled),
                CancellationToken.None);
        }

        /// <summary>The links to run over, each in a run of its own; null: as the experiments say.</summary>
        private IReadOnlyList<string?> Links(ParseResult parsed, RunOptions options)
        {
            if (Given(parsed, _links) is not { Length: > 1 } links)
                return [options.Link];
            if (options.Resume is not null || options.RunNote is not null)
                throw new UserErrorException($"{_links.Name}: {_resume.Name} and {_runNote.Name} go on with one run; give the link of that run alone");
            if (parsed.IsJson(_format))
                throw new UserErrorException($"{_format.Name} json: each of {links.Length} links has a document of its own; give one link at a time");
            if (links.Distinct().Count() < links.Length)
                throw new UserErrorException($"{_links.Name} {string.Join(' ', links)}: a link is given twice");
            return links;
        }

        /// <summary>One run after the other, until one does not end well.</summary>
        private int RunInTurn(IEnumerable<SuitePlan> plans, bool isJson, CancellationToken cancelled) =>
            plans.Select(plan => _run(plan, null, isJson, cancelled)).FirstOrDefault(code => code != (int)ExitCode.Done);

        private int RunAsRank(Launcher launcher, SuitePlan plan, bool isJson, ParseResult parsed, CancellationToken cancelled)
        {
            RunOptions options = plan.Options;
            bool isTopologyGiven =
                parsed.GetResult(_nodes) is { Implicit: false } || parsed.GetResult(_ranksPerNode) is { Implicit: false };
            return MpiSession.Run(
                launcher,
                _mpi.Library(parsed),
                options.Device,
                _mpi.Settings(
                    parsed, options.CommunicationLimit, isTopologyGiven ? (options.Topology.Nodes, options.Topology.RanksPerNode) : null),
                cluster => _run(plan with { Options = options with { Topology = cluster.Topology } }, cluster, isJson, cancelled));
        }

        private RunOptions Options(ParseResult parsed)
        {
            return new RunOptions
            {
                Topology = new Topology(parsed.GetValue(_nodes), parsed.GetValue(_ranksPerNode)),
                Link = Given(parsed, _links)?[0],
                ShowsRanking = parsed.GetValue(_ranking),
                Device = parsed.GetValue(_device)!,
                Precision = parsed.GetValue(_precision) is string precision ? PrecisionSpec.Named(precision) : null,
                Seeds = Given(parsed, _seeds),
                Strategies = Given(parsed, _strategies),
                IsAATest = parsed.GetValue(_aa),
                ShowsLegend = parsed.GetValue(_legend),
                Experiments = Given(parsed, _chosen),
                Tier = parsed.GetValue(_tier),
                Epochs = parsed.GetValue(_epochs),
                Steps = parsed.GetValue(_steps),
                WarmupSteps = parsed.GetValue(_warmupSteps),
                CheckpointEvery = parsed.GetValue(_checkpointEvery) is string every ? CheckpointInterval.Parse(every) : null,
                CheckpointFolder = parsed.GetValue(_checkpointFolder),
                KeepCheckpoints = parsed.GetValue(_keepCheckpoints) is not < 1
                    ? parsed.GetValue(_keepCheckpoints)
                    : throw new UserErrorException($"{_keepCheckpoints.Name} {parsed.GetValue(_keepCheckpoints)}: takes a number from 1 on"),
                SavesWeights = parsed.GetValue(_saveWeights),
                Resume = parsed.GetValue(_resume),
                RunNote = parsed.GetValue(_runNote),
                MaximumTime = parsed.GetValue(_maximumTime) is string time ? Duration(time) : null,
                RetriesFailed = parsed.GetValue(_retryFailed),
                ChecksData = parsed.GetValue(_checkData),
                MaximumBadSamples = parsed.GetValue(_maximumBadSamples) is >= 0 and int most
                    ? most
                    : throw new UserErrorException($"{_maximumBadSamples.Name} {parsed.GetValue(_maximumBadSamples)}: takes a number from 0 on"),
                Preflight = PreflightCommand.Seconds(_preflight.Name, parsed.GetValue(_preflight)),
                OutputFolder = parsed.GetValue(_out)!,
                CommunicationLimit = PreflightCommand.Seconds(_limit.Name, parsed.GetValue(_limit))!.Value,
                Parameters = _parameters
                    .Where(parameter => Given(parsed, parameter.Value) is not null)
                    .ToDictionary(parameter => parameter.Option, parameter => (IReadOnlyList<string>)parsed.GetValue(parameter.Value)!),
            };
        }

        /// <summary>Reads "90s", "50m" or "23h".</summary>
        private TimeSpan Duration(string text)
        {
            double unit = text.LastOrDefault() switch
            {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                _ => double.NaN,
            };
            _ = double.TryParse(text.TrimEnd('s', 'm', 'h'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number);
            return number * unit > 0 && number * unit < s_mostTime.TotalSeconds
                ? TimeSpan.FromSeconds(number * unit)
                : throw new UserErrorException($"{_maximumTime.Name} {text}: expected seconds, minutes or hours, as in 90s, 50m or 23h");
        }

        private static T[]? Given<T>(ParseResult parsed, Option<T[]> option) =>
            parsed.GetResult(option) is { Implicit: false } && parsed.GetValue(option) is { Length: > 0 } values ? values : null;
    }
}
