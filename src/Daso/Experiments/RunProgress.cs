using System.Text.Json;
using System.Text.Json.Serialization;
using Daso.Recording;
using Daso.Training;

namespace Daso.Experiments;

/// <summary>How far earlier processes came with a run.</summary>
/// <param name="Ended">Cells that are trained.</param>
/// <param name="Failed">Cells that failed and are left out.</param>
/// <param name="Saved">Cells that go on from a checkpoint.</param>
internal sealed record RunProgress(IReadOnlyList<CellId> Ended, IReadOnlyList<FailedCell> Failed, IReadOnlyList<SavedCell> Saved)
{
    /// <summary>Of a new run.</summary>
    internal static readonly RunProgress None = new([], [], []);

    /// <summary>Reads it from a run's records.</summary>
    /// <param name="folder">The run's folder.</param>
    /// <param name="manifest">Its manifest.</param>
    /// <param name="retriesFailed">Whether cells that failed are trained again.</param>
    /// <param name="checkpointsOf">A cell's checkpoints.</param>
    /// <exception cref="UserErrorException">The log or a note of a checkpoint cannot be read.</exception>
    internal static RunProgress Read(
        RunFolder folder, Manifest manifest, bool retriesFailed, Func<CellId, CheckpointSeries> checkpointsOf)
    {
        var log = RunLog.Read(folder.Events);
        IReadOnlySet<CellId> ended = log.Ended(folder, manifest.Cluster.Ranks());
        FailedCell[] failed = retriesFailed
            ? []
            : [.. log.Failed().Where(one => !ended.Contains(one.Key)).Select(one => new FailedCell(one.Key, one.Value))];
        IEnumerable<SavedCell> saved =
            from cell in manifest.Experiments.SelectMany(experiment => experiment.Cells())
            where !ended.Contains(cell) && !failed.Any(one => one.Cell == cell)
            let step = checkpointsOf(cell).LatestStep()
            where step is not null
            select new SavedCell(cell, step.Value);
        return new RunProgress([.. ended], failed, [.. saved]);
    }
}

/// <summary>A cell that failed.</summary>
/// <param name="Cell">Which.</param>
/// <param name="Reason">Why.</param>
internal sealed record FailedCell(CellId Cell, string Reason);

/// <summary>A cell with a checkpoint that all ranks have written.</summary>
/// <param name="Cell">Which.</param>
/// <param name="Step">Steps done.</param>
internal sealed record SavedCell(CellId Cell, int Step);

/// <summary>What the process that has the run's folder tells the others of its job.</summary>
/// <param name="Path">The folder.</param>
/// <param name="Progress">How far earlier jobs came.</param>
internal sealed record SharedRun(string Path, RunProgress Progress)
{
    internal static SharedRun Parse(string json) => JsonSerializer.Deserialize(json, SharedRunJson.Default.SharedRun)!;

    internal string ToJson() => JsonSerializer.Serialize(this, SharedRunJson.Default.SharedRun);
}

/// <summary>Serialises what is shared without reflection.</summary>
[JsonSerializable(typeof(SharedRun))]
internal sealed partial class SharedRunJson : JsonSerializerContext;
