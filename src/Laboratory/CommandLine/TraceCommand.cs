using System.CommandLine;
using System.Text.Json;
using Daso.Cluster;
using Daso.Specification;
using Daso.Tracing;

namespace Daso.CommandLine;

/// <summary><c>trace</c>: runs a scenario, of the reference or of any strategy, on the embedded cluster and records it step by step.</summary>
internal static class TraceCommand
{
    /// <param name="kinds">Strategies and optimizers that a scenario may name.</param>
    internal static Command Create(IReadOnlyList<SpecificationKind> kinds)
    {
        var scenario = new Option<string>("--scenario") { Description = "JSON file: a scenario, or a trace with one.", Required = true };
        var nodes = new Option<int>("--nodes")
        {
            Description = "Nodes of the cluster; a scenario that names a strategy says its own.",
            DefaultValueFactory = _ => 2,
        };
        var ranksPerNode = new Option<int>("--ranks-per-node") { Description = "Ranks on each node; likewise.", DefaultValueFactory = _ => 2 };
        var output = new Option<string>("--out") { Description = "JSON file to write; replaced if it exists.", Required = true };
        var command = new Command("trace", "Records step by step what a strategy, or the reference's DASO, does in a scenario.")
        {
            scenario, nodes, ranksPerNode, output,
        };
        command.SetAction((parsed, cancelled) =>
        {
            string path = parsed.GetValue(scenario)!, target = parsed.GetValue(output)!;
            JsonElement json = Scenario.ReadFile(path);
            if (StrategyScenario.IsOne(json))
            {
                StrategyScenario strategy = StrategyScenario.Read(path, json, kinds);
                return Task.Run(() => StrategyTrace.Write(strategy, target, cancelled), CancellationToken.None);
            }

            var topology = new Topology(parsed.GetValue(nodes), parsed.GetValue(ranksPerNode));
            Scenario given = Scenario.Read(path, json);
            return Task.Run(() => TraceWriter.Write(TraceRun.Run(given, topology, cancelled), target), CancellationToken.None);
        });
        return command;
    }
}
