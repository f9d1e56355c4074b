using System.CommandLine;
using Daso.Analysis;
using Daso.Reporting;

namespace Daso.CommandLine;

/// <summary><c>report RUN…</c>: makes a report of recorded runs.</summary>
internal static class ReportCommand
{
    internal static Command Create()
    {
        var runs = new Argument<string[]>("RUN") { Description = "Folders of runs.", Arity = ArgumentArity.OneOrMore };
        var folder = new Option<string?>("--out")
        {
            Description = "Folder to write to. Default for one run: report in its folder.",
        };
        var tensorBoard = new Option<bool>("--tensorboard") { Description = "Also writes TensorBoard's event files." };
        var mlperf = new Option<bool>("--mlperf-log") { Description = "Also writes a log as MLPerf Training has it for each training." };
        var scalingBase = new Option<string?>("--scaling-base")
        {
            Description = "Folder of a run of few ranks, best of one: adds the efficiency of scaling, a rank's rate over that of its rank.",
        };
        var command = new Command("report", "Makes a report of runs: a page with plots, Markdown, LaTeX tables and CSV.")
        {
            runs, folder, tensorBoard, mlperf, scalingBase,
        };
        command.SetAction(parsed =>
        {
            string[] given = parsed.GetValue(runs)!;
            string target = parsed.GetValue(folder) ?? DefaultFolder(given);
            RecordedRun[] read = [.. given.Select(Report.Open)];
            foreach (string goesOn in read.Select(run => run.Summary.GoesOn).OfType<string>())
                parsed.InvocationConfiguration.Error.WriteLine(goesOn);
            ScalingBase? beside = parsed.GetValue(scalingBase) is string alone ? new ScalingBase(Report.Open(alone)) : null;
            ReportFiles.Write(Report.Of(read, beside), target);
            if (parsed.GetValue(tensorBoard))
                TensorBoardFiles.Write(read, Path.Combine(target, "tensorboard"));
            if (parsed.GetValue(mlperf))
            {
                foreach (string leftOut in MlperfLogs.Write(read, Path.Combine(target, "mlperf")))
                    parsed.InvocationConfiguration.Error.WriteLine(leftOut);
            }

            parsed.InvocationConfiguration.Output.WriteLine(Path.Combine(target, ReportFiles.Page));
        });
        return command;
    }

    private static string DefaultFolder(IReadOnlyList<string> runs) => runs.Count == 1
        ? Path.Combine(runs[0], "report")
        : throw new UserErrorException("report: of several runs; say with --out where to write it");
}
