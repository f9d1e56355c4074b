using System.Text.Encodings.Web;
using System.Text.Json;
using Daso.Cluster;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Daso.Tracing;

/// <summary>Runs a <see cref="StrategyScenario"/> on the embedded cluster, on the CPU, and writes what every step of every rank led to.</summary>
internal static class StrategyTrace
{
    private static readonly TimeSpan s_waitLimit = TimeSpan.FromMinutes(1);

    /// <summary>Runs and writes the file, complete or not at all.</summary>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    internal static void Write(StrategyScenario scenario, string path, CancellationToken cancelled = default)
    {
        IReadOnlyList<IReadOnlyList<TracedState>> ranks = Run(scenario, cancelled);
        AtomicFile.Write(path, temporary =>
        {
            using FileStream file = File.Create(temporary);
            using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
            json.WriteStartObject();
            json.WritePropertyName("scenario");
            scenario.Json.WriteTo(json);
            json.WriteString("ranks_note", "ranks[rank][step]: after the step");
            json.WriteStartArray("ranks");
            foreach (IReadOnlyList<TracedState> steps in ranks)
            {
                json.WriteStartArray();
                foreach (TracedState state in steps)
                    Write(json, state);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    }

    /// <summary>Each rank's states, step by step.</summary>
    internal static IReadOnlyList<IReadOnlyList<TracedState>> Run(StrategyScenario scenario, CancellationToken cancelled = default)
    {
        var ranks = new IReadOnlyList<TracedState>[scenario.Topology.Ranks];
        var cluster = new EmbeddedCluster(scenario.Topology, null, Devices.ForRanks("cpu"), s_waitLimit);
        cluster.Run(
            context =>
            {
                Devices.UseThreads(cluster.Shares.ThreadsOf(context.Rank));
                ranks[context.Rank] = Train(scenario, context);
            },
            cancelled);
        return ranks;
    }

    private static List<TracedState> Train(StrategyScenario scenario, RankContext ranks)
    {
        using Replica replica = Lay(scenario.Tensors);
        using IOptimizer optimizer = (scenario.Strategy.OwnOptimizer ?? scenario.Optimizer).Create(replica);
        var step = new TrainingStep();
        int epochs = (scenario.Steps + scenario.StepsPerEpoch - 1) / scenario.StepsPerEpoch;
        using IStrategy strategy = scenario.Strategy.Create(
            new StrategyContext(ranks, replica, optimizer, new StepTimer(NullRecorder.Instance), epochs, scenario.StepsPerEpoch) { Step = step });
        var states = new List<TracedState>(scenario.Steps);
        for (int number = 0; number < scenario.Steps; number++)
        {
            ranks.Cancelled.ThrowIfCancellationRequested();
            (int epoch, int batch) = Math.DivRem(number, scenario.StepsPerEpoch);
            step.MoveTo(number, scenario.LearningRate);
            strategy.StepStarted(epoch, batch);
            scenario.Gradients.Write(ranks.Rank, number, replica.Parameters.Host.Span, replica.Gradients.Host.Span);
            for (int part = replica.Model.Parts.Count - 1; part > 0; part--)
                strategy.PartReady(part);
            strategy.BackwardDone();
            optimizer.Step(scenario.LearningRate);
            strategy.OptimizerStepped();
            if (batch == scenario.StepsPerEpoch - 1 || number == scenario.Steps - 1)
            {
                strategy.EvaluationStarting();
                strategy.EpochEnded(scenario.Losses[Math.Min(epoch, scenario.Losses.Count - 1)]);
            }

            states.Add(TracedState.Of(scenario.Tensors, replica, optimizer, strategy));
        }

        return states;
    }

    /// <summary>A model that is never run: a part for each tensor.</summary>
    private static Replica Lay(IReadOnlyList<TracedTensor> tensors)
    {
        var replica = new Replica(
            new LayeredModel("scenario", [.. tensors.Select((tensor, i) => ($"tensor{i}", (nn.Module<Tensor, Tensor>)new Holder(tensor.Shape)))]), CPU);
        tensors.SelectMany(tensor => tensor.Start).ToArray().CopyTo(replica.Parameters.Host);
        return replica;
    }

    private static void Write(Utf8JsonWriter json, TracedState state)
    {
        json.WriteStartObject();
        foreach ((string kind, IReadOnlyList<(string Name, float[] Values)> buffers) in state.All)
        {
            json.WriteStartObject(kind);
            foreach ((string name, float[] values) in buffers)
            {
                json.WriteStartArray(name);
                foreach (float value in values)
                    WriteNumber(json, value);
                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    /// <summary>JSON has no infinity.</summary>
    private static void WriteNumber(Utf8JsonWriter json, float value)
    {
        if (float.IsFinite(value))
            json.WriteNumberValue(value);
        else
            json.WriteNullValue();
    }

    private sealed class Holder : nn.Module<Tensor, Tensor>
    {
        internal Holder(long[] shape)
            : base(nameof(Holder)) => register_parameter("values", new Parameter(zeros(shape)));

        public override Tensor forward(Tensor input) => throw new NotSupportedException();
    }
}

/// <summary>What a rank holds after a step; all lists in the flat order of the parameters.</summary>
/// <param name="Parameters">By the scenario's names.</param>
/// <param name="Optimizer">The local optimizer's buffers.</param>
/// <param name="Strategy">The strategy's.</param>
internal sealed record TracedState(
    IReadOnlyList<(string Name, float[] Values)> Parameters,
    IReadOnlyList<(string Name, float[] Values)> Optimizer,
    IReadOnlyList<(string Name, float[] Values)> Strategy)
{
    internal IEnumerable<(string Kind, IReadOnlyList<(string Name, float[] Values)> Buffers)> All =>
        [("parameters", Parameters), ("optimizer", Optimizer), ("strategy", Strategy)];

    internal static TracedState Of(IReadOnlyList<TracedTensor> tensors, Replica replica, IOptimizer optimizer, IStrategy strategy) => new(
        [.. tensors.Zip(replica.ParameterRanges, (tensor, range) => (tensor.Name, replica.Parameters.Host.Slice(range.Offset, range.Length).ToArray()))],
        Copy(optimizer.State),
        Copy(strategy.State));

    private static IReadOnlyList<(string Name, float[] Values)> Copy(IReadOnlyList<(string Name, FlatTensor Values)> state) =>
        [.. state.Select(one => (one.Name, one.Values.Host.ToArray()))];
}
