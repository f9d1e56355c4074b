using System.Globalization;
using Daso.Analysis;

namespace Daso.Reporting;

/// <summary>A report's numbers as CSV (RFC 4180): full precision, units in the names of columns, a missing number empty.</summary>
internal static class CsvFiles
{
    private static readonly string[] s_originHeaders =
    [
        "run", "suite", "commit", "specification_sha256", "experiment", "strategy", "is_baseline", "nodes", "ranks_per_node", "device",
        "link_bits_per_second", "link_latency_ns", "seed", "steps",
    ];

    private static readonly TrainingValue[] s_values =
    [
        .. new[]
        {
            ResultColumns.Step, ResultColumns.StepRange, ResultColumns.Training, ResultColumns.RelativeTraining, ResultColumns.Rate,
            ResultColumns.ToTarget, ResultColumns.Quality, ResultColumns.Sent, ResultColumns.Waits, ResultColumns.Allocated,
        }.SelectMany(column => column.Values),
    ];

    private static readonly string[] s_curveHeaders = ["run", "experiment", "strategy", "seed", "epoch", "training_ns", "metric", "value"];

    /// <summary>A line for each training.</summary>
    public static string Summary(Report report) => Write(
        [.. s_originHeaders, .. s_values.Select(value => value.Id)],
        Cells(report).Select(at => (object?[])
        [
            at.Run.Manifest.RunId, at.Run.Manifest.Suite, at.Run.Manifest.Source.Commit, at.Run.Manifest.SpecificationHash,
            at.Experiment.Plan.Name, at.Strategy.Strategy, at.Strategy.IsBaseline ? "true" : "false", at.Run.Summary.Cluster.Nodes,
            at.Run.Summary.Cluster.RanksPerNode, at.Run.Summary.Cluster.Device, at.Experiment.Plan.Link?.BitsPerSecond,
            at.Experiment.Plan.Link?.LatencyNs, at.Cell.Seed, at.Cell.Steps, .. s_values.Select(value => value.Of(at.Experiment, at.Cell)),
        ]));

    /// <summary>A line for each metric of each epoch of each training.</summary>
    public static string Curves(Report report) => Write(
        s_curveHeaders,
        from at in Cells(report)
        from point in at.Cell.Epochs
        from metric in point.Metrics
        select (object?[])
        [
            at.Run.Manifest.RunId, at.Experiment.Plan.Name, at.Strategy.Strategy, at.Cell.Seed, point.Epoch, point.TrainingNs, metric.Name,
            metric.Value,
        ]);

    private static IEnumerable<(RecordedRun Run, ExperimentSummary Experiment, StrategySummary Strategy, CellSummary Cell)> Cells(
        Report report) =>
        from run in report.Runs
        from experiment in run.Experiments
        from strategy in experiment.Strategies
        from cell in strategy.Cells
        select (run, experiment, strategy, cell);

    private static string Write(IReadOnlyList<string> headers, IEnumerable<object?[]> lines) =>
        string.Concat(lines.Prepend([.. headers]).Select(line => string.Join(',', line.Select(Field)) + "\r\n"));

    private static string Field(object? value) => value switch
    {
        null => "",
        double number when !double.IsFinite(number) => "",
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        _ => Quoted(value.ToString()!),
    };

    private static string Quoted(string text) =>
        text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
