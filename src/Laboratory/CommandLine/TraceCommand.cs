using System.CommandLine;
using Daso.Cluster;
using Daso.Tracing;

namespace Daso.CommandLine;

/// <summary><c>trace</c>: runs a scenario of the reference on the embedded cluster and records it step by step.</summary>
internal static class TraceCommand
{
    internal static Command Create()
    {
        var scenario = new Option<string>("--scenario") { Description = "JSON file: a scenario, or a trace with one.", Required = true };
        var nodes = new Option<int>("--nodes") { Description = "Nodes of the cluster.", DefaultValueFactory = _ => 2 };
        var ranksPerNode = new Option<int>("--ranks-per-node") { Description = "Ranks on each node.", DefaultValueFactory = _ => 2 };
        var output = new Option<string>("--out") { Description = "JSON file to write; replaced if it exists.", Required = true };
        var command = new Command("trace", "Records step by step what DASO, variant heat, does in a scenario of the reference.")
        {
            scenario, nodes, ranksPerNode, output,
        };
        command.SetAction((parsed, cancelled) =>
        {
            var topology = new Topology(parsed.GetValue(nodes), parsed.GetValue(ranksPerNode));
            Scenario given = Scenario.Read(parsed.GetValue(scenario)!);
            return Task.Run(
                () => TraceWriter.Write(TraceRun.Run(given, topology, cancelled), parsed.GetValue(output)!), CancellationToken.None);
        });
        return command;
    }
}
