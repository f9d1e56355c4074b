using System.Text.Json;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>
/// Writes spans of a training as a Chrome trace (Trace Event Format, JSON object form), which Perfetto and chrome://tracing open: a process
/// for each rank, a thread each for what it computes and for where it communicates or waits, and an asynchronous track for each exchange
/// that was under way meanwhile, from its start to the end of the wait for it.
/// </summary>
internal static class ChromeTrace
{
    private const int Computing = 1;
    private const int Communicating = 2;
    private const double NsPerUnit = 1000; // times of the format are microseconds
    private const int BytesBetweenFlushes = 1 << 16;

    /// <summary>Writes a trace, on the clock of rank 0.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">The run.</param>
    /// <param name="cell">The training.</param>
    /// <param name="steps">Which steps.</param>
    /// <returns>How many spans it holds.</returns>
    /// <exception cref="UserErrorException">Records are damaged, or the file cannot be written.</exception>
    public static long Write(string path, RecordedRun run, CellId cell, StepRange steps)
    {
        RecordedCluster cluster = run.Manifest.Cluster;
        long spans = 0;
        AtomicFile.Write(path, temporary =>
        {
            using FileStream file = File.Create(temporary);
            using var writer = new Utf8JsonWriter(file);
            writer.WriteStartObject();
            writer.WriteString("displayTimeUnit", "ms");
            writer.WriteStartObject("otherData");
            writer.WriteString("run", run.Manifest.RunId);
            writer.WriteString("experiment", cell.Experiment);
            writer.WriteString("strategy", cell.Strategy);
            writer.WriteNumber("seed", cell.Seed);
            writer.WriteString("steps", steps.ToString());
            writer.WriteEndObject();
            writer.WriteStartArray("traceEvents");
            long? firstEpochNs = null;
            for (int rank = 0; rank < cluster.Ranks(); rank++)
            {
                WriteNames(writer, cluster, rank);
                var events = new RankEvents(writer, rank);
                (int epoch, long epochNs) = (-1, 0);
                long? behindNs = null;
                RankSpans.Read(run.Folder, cell, rank, span =>
                {
                    if (span.Epoch != epoch)
                        (epoch, epochNs) = (span.Epoch, span.StartNs);
                    if (!steps.Contains(span))
                        return;
                    // Processes have clocks of their own; all ranks meet before an epoch's first step.
                    firstEpochNs ??= epochNs;
                    behindNs ??= cluster.HasRealLinks ? epochNs - firstEpochNs : 0;
                    events.Write(span, behindNs.Value);
                    spans++;
                    if (writer.BytesPending > BytesBetweenFlushes)
                        writer.Flush();
                });
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        });
        return spans;
    }

    private static void WriteNames(Utf8JsonWriter writer, RecordedCluster cluster, int rank)
    {
        string stream = cluster.Device == "cuda" ? " (GPU's stream)" : "";
        WriteName("process_name", Computing, FormattableString.Invariant($"rank {rank}, node {rank / cluster.RanksPerNode}"));
        WriteName("thread_name", Computing, $"computation{stream}");
        WriteName("thread_name", Communicating, $"communication{stream}");
        writer.WriteStartObject();
        writer.WriteString("name", "process_sort_index");
        writer.WriteString("ph", "M");
        writer.WriteNumber("pid", rank);
        writer.WriteNumber("tid", Computing);
        writer.WriteStartObject("args");
        writer.WriteNumber("sort_index", rank);
        writer.WriteEndObject();
        writer.WriteEndObject();

        void WriteName(string kind, int thread, string name)
        {
            writer.WriteStartObject();
            writer.WriteString("name", kind);
            writer.WriteString("ph", "M");
            writer.WriteNumber("pid", rank);
            writer.WriteNumber("tid", thread);
            writer.WriteStartObject("args");
            writer.WriteString("name", name);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }
    }

    /// <summary>One rank's events.</summary>
    private sealed class RankEvents(Utf8JsonWriter writer, int rank)
    {
        // By group and number: where exchanges began that are not waited for yet.
        private readonly Dictionary<(long Group, long Sequence), RecordedSpan> _underWay = [];

        internal void Write(RecordedSpan span, long behindNs)
        {
            bool communicates = span.Kind is SpanKind.LocalSync or SpanKind.GlobalSend or SpanKind.GlobalWait or SpanKind.Buffers;
            Begin(SpanNames.Of(span.Kind), "span", "X", communicates ? Communicating : Computing, span.StartNs - behindNs);
            writer.WriteNumber("dur", span.DurationNs / NsPerUnit);
            WriteArguments(span);
            writer.WriteEndObject();
            if (span.Group == RecordFormat.NoOperation)
                return;
            if (span.Kind == SpanKind.GlobalSend)
                _underWay[(span.Group, span.Sequence)] = span;
            else if (span.Kind == SpanKind.GlobalWait && _underWay.Remove((span.Group, span.Sequence), out RecordedSpan sent))
                WriteExchange(sent, span, behindNs);
        }

        private void WriteExchange(RecordedSpan sent, RecordedSpan received, long behindNs)
        {
            string id = FormattableString.Invariant($"{rank}.{sent.Group}.{sent.Sequence}");
            foreach ((string phase, long ns) in (ReadOnlySpan<(string, long)>)
                [("b", sent.StartNs), ("e", received.StartNs + received.DurationNs)])
            {
                Begin("exchange", "exchange", phase, Communicating, ns - behindNs);
                writer.WriteString("id", id);
                WriteArguments(received);
                writer.WriteEndObject();
            }
        }

        private void Begin(string name, string category, string phase, int thread, long ns)
        {
            writer.WriteStartObject();
            writer.WriteString("name", name);
            writer.WriteString("cat", category);
            writer.WriteString("ph", phase);
            writer.WriteNumber("pid", rank);
            writer.WriteNumber("tid", thread);
            writer.WriteNumber("ts", ns / NsPerUnit);
        }

        private void WriteArguments(RecordedSpan span)
        {
            writer.WriteStartObject("args");
            writer.WriteNumber("epoch", span.Epoch);
            writer.WriteNumber("step", span.Step);
            if (span.Bytes > 0)
                writer.WriteNumber("bytes", span.Bytes);
            if (span.Group != RecordFormat.NoOperation)
            {
                writer.WriteNumber("group", span.Group);
                writer.WriteNumber("operation", span.Sequence);
            }

            writer.WriteEndObject();
        }
    }
}

/// <summary>Which steps of a training are shown.</summary>
/// <param name="First">The first, from 0 over the whole training.</param>
/// <param name="Last">The last; null: to the end.</param>
/// <param name="Epoch">Of this epoch only, from 0; null: of all.</param>
internal readonly record struct StepRange(int First, int? Last, int? Epoch)
{
    /// <summary>Whether a span belongs to it.</summary>
    public bool Contains(in RecordedSpan span) =>
        span.Step >= First && (Last is null || span.Step <= Last) && (Epoch is null || span.Epoch == Epoch);

    /// <summary>For example 10..20 of epoch 1.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"{First}..{Last}") + (Epoch is int epoch ? FormattableString.Invariant($" of epoch {epoch}") : "");
}
