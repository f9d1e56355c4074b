using System.Globalization;
using Daso.Analysis;
using Daso.Prediction;
using Daso.Prediction.Calibrating;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows predictions.</summary>
internal static class PredictPrinter
{
    private static readonly string[] s_termHeaders = ["compute", "in node", "network", "copies", "stragglers"];

    /// <summary>Steps of several strategies on one system.</summary>
    internal static void Write(SystemSpec system, WorkloadSpec workload, IReadOnlyList<PredictedStep> steps, IAnsiConsole console)
    {
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{workload.Name} on {system.Name}: {system.Nodes} × {system.RanksPerNode} ranks, between nodes {system.CardsPerNode} × "
            + $"{Quantity.BitRate(system.InterNode.BytesPerSecond * 8)}, {Quantity.Duration(system.InterNode.LatencyNs)}; "
            + $"{workload.Elements:N0} parameters, {Quantity.Duration(workload.ComputeNs)} of computing"));
        Table table = NewTable(["strategy", "step", "range", .. s_termHeaders, $"vs {steps[0].Strategy}", "range"]);
        foreach (PredictedStep step in steps)
        {
            double ratio = step.StepNs / steps[0].StepNs;
            table.AddRow([
                step.Strategy,
                Quantity.Duration(step.StepNs),
                Quantity.Durations(step.LowNs, "…", step.HighNs),
                .. Terms(step.Terms),
                Quantity.Fixed(ratio, 3),
                Range([step.LowNs / steps[0].LowNs, ratio, step.HighNs / steps[0].HighNs])]);
        }

        console.Write(table);
        console.WriteLine(
            "range: from no jitter and full duplex to the bound σ·√(2·ln p) of waiting for the slowest; of the ratio, the least and "
            + "the greatest of both at one end or the other and of both as expected. Terms add up to the step: what is hidden behind computing is not in them.");
        if (steps.Any(step => step.Strategy.StartsWith("daso", StringComparison.Ordinal)))
            console.WriteLine("daso: steps of one phase; a training has blocking epochs at both ends and cycling ones between them (docs/daso.md).");
    }

    /// <summary>What there is no prediction of.</summary>
    internal static void WriteNotModelled(IReadOnlyCollection<string> strategies, IAnsiConsole console)
    {
        if (strategies.Count > 0)
            console.WriteLine($"not modelled: {string.Join(", ", strategies)}; they do not say what they do in a step (docs/prediction.md)");
    }

    /// <summary>What was fitted.</summary>
    internal static void Write(Calibration calibration, IAnsiConsole console)
    {
        SystemSpec system = calibration.System;
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"fitted: γ {system.ReduceNsPerByte:0.####} ns a byte and member, {Quantity.Duration(system.OverheadNs)} an operation, "
            + $"packing {(system.CopyBytesPerSecond is double rate ? Quantity.Bytes(rate) + "/s" : Quantity.Missing)}, jitter "
            + $"{system.JitterPerStep:P1} from step to step and {system.JitterPerRank:P1} from rank to rank"));
        foreach (WorkloadSpec workload in calibration.Workloads)
        {
            console.WriteLine(
                $"fitted: {workload.Name}: forward {Quantity.Duration(workload.ForwardNs)}, "
                + $"backward {Quantity.Duration(workload.BackwardNs)}, optimizer {Quantity.Duration(workload.OptimizerNs)}, "
                + $"other {Quantity.Duration(workload.OtherNs)}, on a core of its own ({workload.Source})");
        }
    }

    /// <summary>Predictions beside measurements, and how far they are apart.</summary>
    internal static void Write(IReadOnlyList<CellPrediction> cells, IAnsiConsole console)
    {
        Table table = NewTable(["experiment", "strategy", "link", "", "measured", "predicted", "error", "at own speed", .. s_termHeaders]);
        foreach (CellPrediction cell in cells.OrderBy(cell => cell.IsFitted ? 0 : 1))
        {
            table.AddRow([
                cell.Cell.Experiment,
                cell.Cell.Strategy,
                cell.Cell.Link,
                cell.IsFitted ? "fitted" : "predicted",
                Quantity.Duration(cell.Cell.StepNs),
                Quantity.Duration(cell.Predicted.StepNs),
                Signed(cell.Error),
                Signed(cell.ErrorAtOwnSpeed),
                .. Terms(cell.Predicted.Terms)]);
        }

        console.Write(table);
        foreach (IGrouping<bool, CellPrediction> group in cells.GroupBy(cell => cell.IsFitted).OrderBy(group => group.Key ? 0 : 1))
        {
            console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{(group.Key ? "cells that were fitted" : "cells that were predicted")}: {group.Count()}, median error "
                + $"{CellPrediction.MedianError(group.Select(cell => cell.Error)):P1}, largest "
                + $"{group.Max(cell => Math.Abs(cell.Error)):P1}; at own speed median "
                + $"{CellPrediction.MedianError(group.Select(cell => cell.ErrorAtOwnSpeed)):P1}"));
        }

        console.WriteLine(
            "at own speed: the error if computing is taken to be as fast as it was in that very cell, by its forward spans; where it is "
            + "much smaller, the machine's speed has changed between the runs.");
    }

    private static Table NewTable(string[] headers)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in headers)
        {
            bool isText = header is "strategy" or "experiment" or "link" or "";
            table.AddColumn(new TableColumn(header).Alignment(isText ? Justify.Left : Justify.Right));
        }

        return table;
    }

    private static string Range(double[] ratios) => $"{Quantity.Fixed(ratios.Min(), 3)}…{Quantity.Fixed(ratios.Max(), 3)}";

    internal static string Signed(double share) => share.ToString("+0.0 %;−0.0 %;0.0 %", CultureInfo.InvariantCulture);

    private static IEnumerable<string> Terms(StepTerms terms) =>
        new[] { terms.ComputeNs, terms.LocalSyncNs, terms.NetworkNs, terms.CopyNs, terms.StragglerNs }
            .Select(ns => ns < 1 ? Quantity.Missing : Quantity.Duration(ns));
}
