using System.Globalization;
using Daso.Analysis;

namespace Daso.Reporting;

/// <summary>A report's numbers as CSV (RFC 4180): full precision, units in the names of columns, a missing number empty.</summary>
internal static class CsvFiles
{
    private static readonly string[] s_summaryHeaders =
    [
        "run", "suite", "commit", "specification_sha256", "experiment", "strategy", "is_baseline", "nodes", "ranks_per_node", "device",
        "link_bits_per_second", "link_latency_ns", "seed", "steps", "step_median_ns", "step_mad_ns", "step_p10_ns", "step_p90_ns",
        "training_ns", "relative_training", "items_per_second", "time_to_target_ns", "final_quality", "quality_metric",
        "bytes_per_node_step", "local_wait_share", "global_wait_share", "allocated_bytes_per_step",
    ];

    private static readonly string[] s_curveHeaders = ["run", "experiment", "strategy", "seed", "epoch", "training_ns", "metric", "value"];

    /// <summary>A line for each training.</summary>
    public static string Summary(Report report) => Write(s_summaryHeaders, Cells(report).Select(at =>
    {
        Spread steps = Spread.Of(at.Cell.UndisturbedStepsNs);
        return (object?[])
        [
            at.Run.Manifest.RunId, at.Run.Manifest.Suite, at.Run.Manifest.Source.Commit, at.Run.Manifest.SpecificationHash,
            at.Experiment.Plan.Name, at.Strategy.Strategy, at.Strategy.IsBaseline ? "true" : "false", at.Run.Summary.Cluster.Nodes,
            at.Run.Summary.Cluster.RanksPerNode, at.Run.Summary.Cluster.Device, at.Experiment.Plan.Link?.BitsPerSecond,
            at.Experiment.Plan.Link?.LatencyNs, at.Cell.Seed, at.Cell.Steps, steps.Median, steps.MedianAbsoluteDeviation, steps.P10,
            steps.P90, at.Cell.TrainingNs, at.Cell.RelativeTraining, at.Cell.ItemsPerSecond, at.Cell.TimeToTargetNs,
            at.Cell.FinalQuality, at.Experiment.QualityMetric, at.Cell.BytesPerNodeStep, at.Cell.LocalWaitShare, at.Cell.GlobalWaitShare,
            at.Cell.AllocatedBytesPerStep,
        ];
    }));

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
