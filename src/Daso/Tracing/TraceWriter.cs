using System.Text.Encodings.Web;
using System.Text.Json;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Tracing;

/// <summary>Writes a trace with the fields and columns of the reference's, so that the two can be compared entry by entry.</summary>
internal static class TraceWriter
{
    private static readonly string[] s_stepColumns =
    [
        "epoch", "batch", "global_skip", "local_skip", "batches_to_wait",
        "send_mod_before", "send_mod_m1_before", "send_mod", "send_mod_m1", "local_sync_in_backward",
    ];

    private static readonly string[] s_rankColumns = ["loss", "sum", "sumsq", "mom_sum", "mom_sumsq", "pending"];

    private static readonly string[] s_epochColumns =
        ["epoch", "avg_loss_tested", "plateau", "global_skip", "local_skip", "batches_to_wait", "best", "num_bad_epochs"];

    /// <summary>Writes the file, complete or not at all.</summary>
    /// <exception cref="UserErrorException">It cannot be written.</exception>
    internal static void Write(Trace trace, string path) => AtomicFile.Write(path, temporary =>
    {
        using FileStream file = File.Create(temporary);
        using var json = new Utf8JsonWriter(file, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        Write(trace, json);
    });

    private static void Write(Trace trace, Utf8JsonWriter json)
    {
        IReadOnlyList<RankTrace> ranks = trace.Ranks;
        json.WriteStartObject();
        json.WritePropertyName("scenario");
        trace.Scenario.Json.WriteTo(json);
        WriteSetting(trace, json);
        Array(json, "step_columns", s_stepColumns, json.WriteStringValue);
        Array(json, "steps", ranks[0].Steps, step => WriteStep(json, step));
        json.WriteString("events_note", "events[local rank][step]: what DASO did after the local optimizer's step");
        Array(json, "events", ranks.Take(trace.Topology.RanksPerNode), rank =>
            Array(json, rank.Events, events => Array(json, events, json.WriteStringValue)));
        Array(json, "rank_columns", s_rankColumns, json.WriteStringValue);
        Array(json, "ranks", ranks, rank => Array(json, rank.Values, values => WriteValues(json, values)));
        Array(json, "epoch_columns", s_epochColumns, json.WriteStringValue);
        Array(json, "epochs", ranks[0].Epochs, epoch => WriteEpoch(json, epoch));
        json.WriteString("vectors_note", "key epoch.batch, after the step; one list if all ranks hold the same bits, else one per rank");
        json.WriteStartObject("vectors");
        for (int i = 0; i < ranks[0].Vectors.Count; i++)
            WriteVectors(json, [.. ranks.Select(rank => rank.Vectors[i])]);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>What every trace has in common but for its cluster.</summary>
    private static void WriteSetting(Trace trace, Utf8JsonWriter json)
    {
        json.WriteStartObject("topology");
        json.WriteNumber("nodes", trace.Topology.Nodes);
        json.WriteNumber("gpus_per_node", trace.Topology.RanksPerNode);
        json.WriteString("rank", "node*gpus_per_node + local");
        json.WriteEndObject();
        json.WriteStartObject("optimizer");
        json.WriteString("type", "SGD");
        json.WriteNumber("lr", TracedModel.LearningRate);
        json.WriteNumber("momentum", TracedModel.Momentum);
        json.WriteNumber("weight_decay", TracedModel.WeightDecay);
        json.WriteNumber("dampening", 0);
        json.WriteBoolean("nesterov", false);
        json.WriteEndObject();
        json.WriteString("model", TracedModel.Description);
    }

    private static void WriteStep(Utf8JsonWriter json, TracedStep step)
    {
        json.WriteStartArray();
        json.WriteNumberValue(step.Epoch);
        json.WriteNumberValue(step.Batch);
        WriteSkips(json, step.Skips);
        json.WriteNumberValue(step.DutyBefore);
        WriteNumberOrNull(json, step.InFlightBefore);
        json.WriteNumberValue(step.Duty);
        WriteNumberOrNull(json, step.InFlight);
        json.WriteNumberValue(step.AveragedLocally ? 1 : 0);
        json.WriteEndArray();
    }

    private static void WriteValues(Utf8JsonWriter json, TracedValues values)
    {
        json.WriteStartArray();
        json.WriteNumberValue(values.Loss);
        json.WriteNumberValue(values.Parameters.Sum);
        json.WriteNumberValue(values.Parameters.Squares);
        json.WriteNumberValue(values.Momentum.Sum);
        json.WriteNumberValue(values.Momentum.Squares);
        json.WriteNumberValue(values.Pending);
        json.WriteEndArray();
    }

    private static void WriteEpoch(Utf8JsonWriter json, TracedEpoch epoch)
    {
        json.WriteStartArray();
        json.WriteNumberValue(epoch.Epoch);
        WriteNumberOrNull(json, epoch.TestedLoss);
        if (epoch.TestedLoss is null)
            json.WriteNullValue();
        else
            json.WriteBooleanValue(epoch.HasPlateaued);
        WriteSkips(json, epoch.Skips);
        WriteNumberOrNull(json, double.IsFinite(epoch.Best) ? epoch.Best : null);
        json.WriteNumberValue(epoch.BadEpochs);
        json.WriteEndArray();
    }

    private static void WriteVectors(Utf8JsonWriter json, TracedVector[] ranks)
    {
        ReadOnlySpan<float> first = ranks[0].Values;
        bool areEqual = true;
        foreach (TracedVector other in ranks)
            areEqual &= first.SequenceEqual(other.Values);
        Array(json, FormattableString.Invariant($"{ranks[0].Epoch}.{ranks[0].Batch}"), areEqual ? ranks[..1] : ranks, vector =>
            Array(json, vector.Values, json.WriteNumberValue));
    }

    private static void WriteSkips(Utf8JsonWriter json, DasoSkips skips)
    {
        json.WriteNumberValue(skips.Global);
        json.WriteNumberValue(skips.Local);
        json.WriteNumberValue(skips.Wait);
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, double? number)
    {
        if (number is null)
            json.WriteNullValue();
        else
            json.WriteNumberValue(number.Value);
    }

    private static void Array<T>(Utf8JsonWriter json, string name, IEnumerable<T> entries, Action<T> write)
    {
        json.WritePropertyName(name);
        Array(json, entries, write);
    }

    private static void Array<T>(Utf8JsonWriter json, IEnumerable<T> entries, Action<T> write)
    {
        json.WriteStartArray();
        foreach (T entry in entries)
            write(entry);
        json.WriteEndArray();
    }
}
