using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Prediction;
using Daso.Prediction.Calibrating;

namespace Daso.CommandLine;

/// <summary>Predictions as JSON; times in nanoseconds, errors as shares of what was measured.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(IReadOnlyList<PredictedWorkload>))]
[JsonSerializable(typeof(IReadOnlyList<PredictedCell>))]
internal sealed partial class PredictJson : JsonSerializerContext
{
    private static PredictJson? s_readable;

    // Made late: it builds on a static of the generated part.
    private static PredictJson Readable =>
        s_readable ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Steps of several strategies, for each workload.</summary>
    internal static void Write(IReadOnlyList<PredictedWorkload> workloads, TextWriter output) =>
        output.WriteLine(JsonSerializer.Serialize(workloads, Readable.IReadOnlyListPredictedWorkload));

    /// <summary>Predictions beside measurements.</summary>
    internal static void Write(IReadOnlyList<CellPrediction> cells, TextWriter output) => output.WriteLine(JsonSerializer.Serialize(
        [.. cells.Select(one => new PredictedCell(
            one.Cell.Run,
            one.Cell.Experiment,
            one.Cell.Strategy,
            one.Cell.System.InterNode,
            one.IsFitted,
            one.Cell.StepNs,
            one.Predicted.StepNs,
            one.Error,
            one.ErrorAtOwnSpeed,
            one.Predicted.Terms))],
        Readable.IReadOnlyListPredictedCell));
}

/// <summary>A workload's steps on a system, and the names of strategies that do not say what they do in one.</summary>
internal sealed record PredictedWorkload(
    string Workload,
    string System,
    int Nodes,
    int RanksPerNode,
    IReadOnlyList<PredictedStep> Strategies,
    IReadOnlyCollection<string> NotModelled);

/// <summary>A prediction beside its measurement.</summary>
internal sealed record PredictedCell(
    string Run,
    string Experiment,
    string Strategy,
    LinkModel Link,
    bool IsFitted,
    double MeasuredNs,
    double PredictedNs,
    double Error,
    double ErrorAtOwnSpeed,
    StepTerms Terms);
