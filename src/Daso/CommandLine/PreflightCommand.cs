using System.CommandLine;
using System.Globalization;
using Daso.Analysis;
using Daso.Cluster;
using Daso.Communication;
using Daso.Preflight;
using Spectre.Console;

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

    private readonly Option<int> _maximum = Number("--max-mib", "The largest buffer, in MiB, up to 1024.", 16);

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
            options._nodes, options._ranksPerNode, options._link, options._maximum, options._minimum, options._limit,
        };
        options._mpi.AddTo(command, hasDevice: false);
        command.SetAction((parsed, cancelled) => Task.Run(() => options.Run(parsed, cancelled), CancellationToken.None));
        return command;
    }

    private static Option<int> Number(string name, string description, int value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private int Run(ParseResult parsed, CancellationToken cancelled)
    {
        int maximum = parsed.GetValue(_maximum);
        if (maximum is < 1 or > 1024)
            throw new UserErrorException($"--max-mib {maximum}: expected 1 to 1024");
        int seconds = parsed.GetValue(_limit);
        if (seconds < 1)
            throw new UserErrorException($"--comm-timeout {seconds}: expected at least 1");
        TimeSpan limit = TimeSpan.FromSeconds(seconds);
        var topology = new Topology(parsed.GetValue(_nodes), parsed.GetValue(_ranksPerNode));
        string? link = parsed.GetValue(_link);
        TextWriter output = parsed.InvocationConfiguration.Output;
        int Measure(ICluster cluster) => Run(cluster, maximum * MiB, parsed.GetValue(_minimum), output, cancelled);

        if (Launcher.Detect(Environment.GetEnvironmentVariable) is not Launcher launcher)
        {
            LinkSpec? emulated = link is null or "unlimited" ? null : LinkSpec.Parse(link);
            return Measure(new EmbeddedCluster(topology, emulated, Devices.ForRanks("cpu"), limit));
        }

        if (link is not null)
            throw new UserErrorException($"--link {link}: links are emulated on the embedded cluster only; under MPI leave it out");
        bool isTopologyGiven =
            parsed.GetResult(_nodes) is { Implicit: false } || parsed.GetResult(_ranksPerNode) is { Implicit: false };
        (int, int)? requested = isTopologyGiven ? (topology.Nodes, topology.RanksPerNode) : null;
        return MpiSession.Run(launcher, _mpi.Library(parsed), "cpu", _mpi.Settings(parsed, limit, requested), Measure);
    }

    private static int Run(ICluster cluster, long maximumBytes, double minimum, TextWriter output, CancellationToken cancelled)
    {
        IReadOnlyList<Measurement> lines = [];
        cluster.Run(
            ranks =>
            {
                IReadOnlyList<Measurement> mine = Sweep.Run(ranks, maximumBytes);
                if (ranks.Rank == 0)
                    lines = mine;
            },
            cancelled);
        if (cluster.RanksHere[0] != 0)
            return (int)ExitCode.Done;

        Print(lines, cluster, SpeedupTable.ConsoleFor(output));
        if (lines.FirstOrDefault(line => !line.IsCorrect) is Measurement wrong)
            throw new InvalidOperationException($"{wrong.Operation} of {wrong.Bytes} bytes on {wrong.Group} gave wrong values");

        Measurement? largest = lines.LastOrDefault(line => line is { Group: "global", Operation: Sweep.AllReduceName });
        double reached = largest is null ? double.PositiveInfinity : Gigabits(largest.BusBandwidth);
        if (reached >= minimum)
            return (int)ExitCode.Done;
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"--min-bandwidth {minimum}: the global all-reduce reached {reached:0.###} Gbit/s; look at the links");
        throw new UserErrorException(text, ExitCode.Environment);
    }

    private static void Print(IReadOnlyList<Measurement> lines, ICluster cluster, IAnsiConsole console)
    {
        console.WriteLine($"{cluster.Topology} ranks: {cluster.Description}");
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in new[] { "group", "operation", "ranks", "size", "time", "algorithm Gbit/s", "bus Gbit/s", "correct" })
            table.AddColumn(new TableColumn(header).Alignment(header is "group" or "operation" ? Justify.Left : Justify.Right));
        foreach (Measurement line in lines)
        {
            table.AddRow(
                line.Group,
                line.Operation,
                line.Ranks.ToString(CultureInfo.InvariantCulture),
                Quantity.Bytes(line.Bytes),
                Quantity.Duration(line.Seconds * 1e9),
                Number(Gigabits(line.AlgorithmBandwidth)),
                Number(Gigabits(line.BusBandwidth)),
                line.IsCorrect ? "yes" : "NO");
        }

        console.Write(table);
        console.WriteLine("time: the slowest rank's, median of the repetitions; bus: the busiest link's share in an ideal exchange.");
    }

    private static double Gigabits(double bytesPerSecond) => bytesPerSecond * 8 / 1e9;

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);
}
