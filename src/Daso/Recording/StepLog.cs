using System.Text.Json;

namespace Daso.Recording;

/// <summary>A line of a rank's log.</summary>
internal sealed record LoggedStep(int Epoch, int Step, LoggedSpan[] Spans, (string Name, double Value)[] Metrics);

/// <summary>A span of it.</summary>
internal readonly record struct LoggedSpan(SpanKind Kind, long StartNs, long DurationNs, long Bytes, OperationKey? Operation);

/// <summary>Reads back the log that a <see cref="CellRecorder"/> wrote step by step.</summary>
internal static class StepLog
{
    private const string ResumedAt = "resumed_at_step";

    /// <summary>Notes that training goes on from a checkpoint: what was logged of its step and later ones no longer counts.</summary>
    public static void WriteResumption(JsonLineFile log, int step)
    {
        log.Begin().WriteNumber(ResumedAt, step);
        log.End();
    }

    /// <summary>What counts of the steps before one, in order; a step that evaluation follows has several lines.</summary>
    /// <exception cref="UserErrorException">The log lacks one of the steps, or cannot be read.</exception>
    public static IReadOnlyList<LoggedStep> ReadBefore(string path, int step)
    {
        var steps = new List<LoggedStep>();
        JsonLines.Read(path, line =>
        {
            if (line.TryGetProperty(ResumedAt, out JsonElement resumedAt))
                steps.RemoveAll(logged => logged.Step >= resumedAt.GetInt32());
            else
                steps.Add(Parse(line));
        });

        steps.RemoveAll(logged => logged.Step >= step);
        if (steps.Select(logged => logged.Step).Distinct().Count() < step)
            throw new UserErrorException($"{path}: lacks steps before the checkpoint at step {step}; restore it, or start the run anew");
        return steps;
    }

    private static LoggedStep Parse(JsonElement line) => new(
        line.GetProperty("epoch").GetInt32(),
        line.GetProperty("step").GetInt32(),
        [.. line.GetProperty("spans").EnumerateArray().Select(ParseSpan)],
        [.. line.GetProperty("metrics").EnumerateObject().Select(metric => (metric.Name, metric.Value.GetMeasured()))]);

    /// <summary>Spans of no operation in particular, and all of format 1, have four entries.</summary>
    private static LoggedSpan ParseSpan(JsonElement span) => new(
        SpanNames.Parse(span[0].GetString()!),
        span[1].GetInt64(),
        span[2].GetInt64(),
        span[3].GetInt64(),
        span.GetArrayLength() > 4 ? new OperationKey(span[4].GetInt64(), span[5].GetInt64()) : null);
}
