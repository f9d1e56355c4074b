using System.CommandLine;
using System.Globalization;
using Daso.Analysis;
using Daso.Cluster;
using Daso.Communication;
using Daso.Preflight;

namespace Daso.CommandLine;

/// <summary><c>preflight</c>: measures and checks a cluster's communication before time is spent on training.</summary>
internal sealed class PreflightCommand
{
    private const long MiB = 1 << 20;

    private readonly Option<int> _nodes = Number("--nodes", "Nodes of the cluster.", 2);

    private readonly Option<int> _ranksPerNode = Number("--ranks-per-node", "Ranks on each node.", 2);

    private readonly Option<string?> _link = new("--link")
    {
        Description = "Emulated link of each node of the embedded cluster, as in 1gbit,50us.",
    };

    private readonly Option<int> _maximum = Number(
        "--max-mib", "The largest buffer, in MiB, up to 1024.", (int)(PreflightReport.DefaultMaximumBytes / MiB));

    private readonly Option<int> _seconds = Number("--seconds", "About how long it takes; sizes that do not fit are left out.", 60);

    private readonly Option<string?> _output = new("--out") { Description = "File for the measurements, as JSON." };

    private readonly Option<double> _minimum = new("--min-bandwidth")
    {
        Description = "Bus bandwidth in Gbit/s that the largest global all-reduce must reach; below it the exit code is 5.",
    };

    private readonly Option<int> _limit = Number("--comm-timeout", "Seconds that a rank waits for the others in one operation.", 300);

    private readonly MpiOptions _mpi = new();

    private PreflightCommand()
    {
    }

    internal static Command Create()
    {
        var options = new PreflightCommand();
        var command = new Command("preflight", "Measures all-reduce and broadcast on a cluster's groups and checks their results.")
        {
            options._nodes, options._ranksPerNode, options._link, options._maximum, options._seconds, options._minimum,
            options._output, options._limit,
        };
        options._mpi.AddTo(command, hasDevice: false);
        command.SetAction((parsed, cancelled) => Task.Run(() => options.Run(parsed, cancelled), CancellationToken.None));
        return command;
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    /// <summary>Reads an option's seconds.</summary>
    /// <exception cref="UserErrorException">Less than one.</exception>
    internal static TimeSpan? Seconds(string option, int? seconds) => seconds switch
    {
        null => null,
        < 1 => throw new UserErrorException($"{option} {seconds}: expected at least 1"),
        int given => TimeSpan.FromSeconds(given),
    };

    private int Run(ParseResult parsed, CancellationToken cancelled)
    {
        int maximum = parsed.GetValue(_maximum);
        if (maximum is < 1 or > 1024)
            throw new UserErrorException($"--max-mib {maximum}: expected 1 to 1024");
        TimeSpan limit = Seconds(_limit.Name, parsed.GetValue(_limit))!.Value;
        TimeSpan budget = Seconds(_seconds.Name, parsed.GetValue(_seconds))!.Value;
        var topology = new Topology(parsed.GetValue(_nodes), parsed.GetValue(_ranksPerNode));
        string? link = parsed.GetValue(_link);
        LinkSpec? emulated = link is null or "unlimited" ? null : LinkSpec.Parse(link);
        int Measure(ICluster cluster) =>
            Finish(PreflightReport.Measure(cluster, emulated, maximum * MiB, budget, cancelled), parsed);

        if (ClusterOption.FindLauncher(parsed) is not Launcher launcher)
            return Measure(new EmbeddedCluster(topology, emulated, Devices.ForRanks("cpu"), limit));
        if (link is not null)
            throw new UserErrorException($"--link {link}: links are emulated on the embedded cluster only; under MPI leave it out");
        bool isTopologyGiven =
            parsed.GetResult(_nodes) is { Implicit: false } || parsed.GetResult(_ranksPerNode) is { Implicit: false };
        (int, int)? requested = isTopologyGiven ? (topology.Nodes, topology.RanksPerNode) : null;
        return MpiSession.Run(launcher, _mpi.Library(parsed), "cpu", _mpi.Settings(parsed, limit, requested), Measure);
    }

    /// <summary>On rank 0: prints and stores what was found, and judges it.</summary>
    private int Finish(PreflightReport? report, ParseResult parsed)
    {
        if (report is null)
            return (int)ExitCode.Done;
        PreflightTable.Write(report, SpeedupTable.ConsoleFor(parsed.InvocationConfiguration.Output));
        if (parsed.GetValue(_output) is string file)
            report.Write(file);
        report.RequireCorrect();

        double minimum = parsed.GetValue(_minimum);
        Measurement? largest = report.Measurements.LastOrDefault(
            one => one is { Group: "global", Collective: Sweep.AllReduceName } && one.Implementation != AllReduceWay.LibraryName);
        double reached = largest is null ? double.PositiveInfinity : PreflightTable.Gigabits(largest.BusBytesPerSecond);
        if (reached >= minimum)
            return (int)ExitCode.Done;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"--min-bandwidth {minimum}: the global all-reduce reached {reached:0.###} Gbit/s; look at the links");
        throw new UserErrorException(text, ExitCode.Environment);
    }
}
