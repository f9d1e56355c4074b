using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>
/// Writes trainings as logs in the form of MLPerf Training (<c>:::MLLOG</c> lines with the keys of mlcommons/logging), for tools that read
/// them. It is no submission: the experiments are not MLPerf's.
/// </summary>
internal static class MlperfLogs
{
    /// <summary>A file for each training that was not interrupted.</summary>
    /// <param name="runs">What to write.</param>
    /// <param name="folder">Where.</param>
    /// <returns>What was left out, and why.</returns>
    /// <exception cref="UserErrorException">A file cannot be written or read.</exception>
    public static IReadOnlyList<string> Write(IReadOnlyList<ReportedRun> runs, string folder)
    {
        var leftOut = new List<string>();
        foreach (ReportedRun run in runs)
        {
            IReadOnlyDictionary<CellId, CellTimes> times = CellTimes.Read(run.Folder);
            string target = Path.Combine(folder, run.Manifest.RunId);
            ReportFiles.Make(target);
            foreach ((CellId id, CellSummary cell) in run.Cells)
            {
                if (times[id].IsResumed)
                    leftOut.Add($"no MLPerf log of {id.FileStem}: the training was interrupted");
                else
                    WriteText(Path.Combine(target, id.FileStem + ".log"), Lines(run, id, cell, times[id]));
            }
        }

        return leftOut;
    }

    private static void WriteText(string path, string text) => AtomicFile.Write(path, temporary => File.WriteAllText(temporary, text));

    private static string Lines(ReportedRun run, CellId id, CellSummary cell, CellTimes times)
    {
        RankSpans spans = RankSpans.Read(run.Folder, id, 0);
        PlannedExperiment plan = run.Manifest.Experiments.First(experiment => experiment.Name == id.Experiment);
        string quality = MetricNames.HeldOut(plan.QualityMetric());
        DateTimeOffset start = spans.StartsNs.Length > 0 ? times.At(spans.StartsNs.Min()) : times.StartedUtc;
        bool isReached = plan.Target is null || cell.TimeToTargetNs is not null;
        var log = new LogText();
        log.Point(times.StartedUtc, "submission_benchmark", id.Experiment);
        log.Point(times.StartedUtc, "submission_org", "none: no submission");
        log.Point(times.StartedUtc, "submission_division", "open");
        log.Point(times.StartedUtc, "submission_status", "research");
        log.Point(times.StartedUtc, "submission_platform", Platform(run.Manifest));
        log.Point(times.StartedUtc, "strategy", id.Strategy);
        log.Point(times.StartedUtc, "seed", id.Seed);
        if (GlobalBatch(run, id) is int batch)
            log.Point(times.StartedUtc, "global_batch_size", batch);
        if (plan.TrainSamples is int train)
            log.Point(times.StartedUtc, "train_samples", train);
        if (plan.HeldOutSamples is int heldOut)
            log.Point(times.StartedUtc, "eval_samples", heldOut);
        // Nobody empties the system's cache of files between trainings.
        log.Point(times.StartedUtc, "cache_clear", false);
        log.Begin(times.StartedUtc, "init_start");
        log.End(start, "init_stop");
        log.Begin(start, "run_start");
        foreach (EpochPoint epoch in cell.Epochs)
            AppendEpoch(log, spans, times, epoch, quality);
        log.End(times.At(times.EndedNs), "run_stop", ("status", isReached ? "success" : "aborted"));
        return log.ToString();
    }

    private static void AppendEpoch(LogText log, RankSpans spans, CellTimes times, EpochPoint epoch, string quality)
    {
        int[] all = [.. Enumerable.Range(0, spans.Epochs.Length).Where(i => spans.Epochs[i] == epoch.Epoch)];
        int[] training = [.. all.Where(i => spans.Kinds[i] != SpanKind.Evaluation)];
        int[] evaluation = [.. all.Where(i => spans.Kinds[i] == SpanKind.Evaluation)];
        (string, JsonNode) number = ("epoch_num", epoch.Epoch + 1);
        if (training.Length > 0)
        {
            log.Begin(times.At(training.Min(i => spans.StartsNs[i])), "epoch_start", number);
            log.End(times.At(training.Max(i => spans.StartsNs[i] + spans.DurationsNs[i])), "epoch_stop", number);
        }

        if (evaluation.Length == 0 || epoch.Value(quality) is not double reached)
            return;
        DateTimeOffset end = times.At(evaluation.Max(i => spans.StartsNs[i] + spans.DurationsNs[i]));
        log.Begin(times.At(evaluation.Min(i => spans.StartsNs[i])), "eval_start", number);
        log.Point(end, "eval_accuracy", double.IsFinite(reached) ? reached : null, number);
        log.End(end, "eval_stop", number);
    }

    private static string Platform(Manifest manifest) => FormattableString.Invariant(
        $"{manifest.Cluster.Nodes} x {manifest.Cluster.RanksPerNode} {manifest.Cluster.Device} ranks, {manifest.Hardware.Processor}");

    /// <summary>Samples of all ranks in a step, where the specification says it.</summary>
    private static int? GlobalBatch(ReportedRun run, CellId id) =>
        run.Manifest.Specification[id.Experiment]?["data"]?["batchPerRank"]?.GetValue<int>() * run.Manifest.Cluster.Ranks();

    /// <summary>Lines of a log. Where a line comes from, which MLPerf asks for, is this file.</summary>
    private sealed class LogText
    {
        private static readonly JsonSerializerOptions s_plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

        private readonly StringBuilder _lines = new();

        public void Point(DateTimeOffset time, string key, JsonNode? value, params (string, JsonNode)[] metadata) =>
            Add(time, "POINT_IN_TIME", key, value, metadata);

        public void Begin(DateTimeOffset time, string key, params (string, JsonNode)[] metadata) =>
            Add(time, "INTERVAL_START", key, null, metadata);

        public void End(DateTimeOffset time, string key, params (string, JsonNode)[] metadata) =>
            Add(time, "INTERVAL_END", key, null, metadata);

        public override string ToString() => _lines.ToString();

        private void Add(DateTimeOffset time, string type, string key, JsonNode? value, (string Name, JsonNode Value)[] metadata)
        {
            var more = new JsonObject { ["file"] = "events.jsonl", ["lineno"] = 0 };
            foreach ((string name, JsonNode content) in metadata)
                more[name] = content.DeepClone();
            var line = new JsonObject
            {
                ["namespace"] = "",
                ["time_ms"] = time.ToUnixTimeMilliseconds(),
                ["event_type"] = type,
                ["key"] = key,
                ["value"] = value,
                ["metadata"] = more,
            };
            _lines.Append(":::MLLOG ").Append(line.ToJsonString(s_plain)).Append('\n');
        }
    }
}
