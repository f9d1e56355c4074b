using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>Writes the curves of runs as TensorBoard's event files, one for each training.</summary>
internal static class TensorBoardFiles
{
    /// <summary>
    /// A folder for each training. Wall times are the training's start plus its training time, so that TensorBoard's relative axis shows
    /// training time.
    /// </summary>
    /// <param name="runs">What to write.</param>
    /// <param name="folder">Where.</param>
    /// <exception cref="UserErrorException">A file cannot be written.</exception>
    public static void Write(IReadOnlyList<RecordedRun> runs, string folder)
    {
        foreach (RecordedRun run in runs)
        {
            IReadOnlyDictionary<CellId, CellTimes> times = CellTimes.Of(run.Log);
            foreach ((CellId id, CellSummary cell) in run.Cells)
            {
                string target = Path.Combine(folder, run.Manifest.RunId, id.FileStem);
                ReportFiles.Make(target);
                DateTimeOffset start = times[id].StartedUtc;
                string name = FormattableString.Invariant($"events.out.tfevents.{start.ToUnixTimeSeconds()}.daso");
                AtomicFile.Write(Path.Combine(target, name), path => Write(path, start, cell));
            }
        }
    }

    private static void Write(string path, DateTimeOffset start, CellSummary cell)
    {
        using FileStream file = File.Create(path);
        double seconds = (start - DateTimeOffset.UnixEpoch).TotalSeconds;
        TfRecordFile.Append(file, EventMessage.Version(seconds));
        double trainingNs = 0;
        for (int step = 0; step < cell.StepsNs.Length; step++)
        {
            trainingNs += cell.StepsNs[step];
            byte[] message = EventMessage.Scalar(seconds + (trainingNs / 1e9), step, "step_time_ms", cell.StepsNs[step] / 1e6);
            TfRecordFile.Append(file, message);
        }

        foreach (EpochPoint point in cell.Epochs)
        {
            foreach ((string metric, double value) in point.Metrics)
            {
                byte[] message = EventMessage.Scalar(seconds + (point.TrainingNs / 1e9), point.Epoch + 1, $"epoch/{metric}", value);
                TfRecordFile.Append(file, message);
            }
        }
    }
}
