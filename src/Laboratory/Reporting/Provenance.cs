using System.Globalization;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>Where a run's numbers come from, for readers: the facts of its manifest.</summary>
internal static class Provenance
{
    /// <summary>Facts by name, none left out because it is unfavourable: a dirty tree and cells that are missing are said.</summary>
    public static IReadOnlyList<(string Name, string Value)> Of(RecordedRun run)
    {
        Manifest manifest = run.Manifest;
        RecordedSoftware software = manifest.Software;
        RecordedHardware hardware = manifest.Hardware;
        return
        [
            ("run", manifest.RunId),
            ("command line", string.Join(' ', manifest.CommandLine.Select(Quoted))),
            ("commit", Commit(manifest.Source)),
            ("specification", $"SHA-256 {manifest.SpecificationHash}"),
            ("started", Time(manifest.StartedUtc)),
            ("ended", manifest.FinishedUtc is DateTimeOffset end
                ? $"{Time(end)}, {manifest.Outcome}"
                : run.Summary.Holder is RunHolder holder ? $"goes on: {holder}"
                : "was killed"),
            ("cluster", FormattableString.Invariant(
                $"{manifest.Cluster.Nodes} nodes × {manifest.Cluster.RanksPerNode} ranks on {manifest.Cluster.Device}")),
            .. manifest.Experiments.Select(plan => ($"link of {plan.Name}", ReportTable.LinkOf(plan))),
            ("hardware", FormattableString.Invariant(
                $"{hardware.Processor}, {hardware.Cores} cores, {Quantity.Bytes(hardware.MemoryBytes)}")
                + string.Concat(hardware.Gpus.Select(gpu => $", {gpu}"))),
            ("system", $"{software.OperatingSystem}; {software.Runtime}; garbage collector {software.GarbageCollector}"),
            ("packages", string.Join(", ", software.Packages.Select(package => $"{package.Key} {package.Value}"))),
            .. software.Environment.Select(variable => ($"variable {variable.Key}", variable.Value)),
            .. manifest.Settings.Select(setting => (setting.Key, setting.Value)),
            .. manifest.Resumptions.Select(resumption => ("resumed", $"{Time(resumption.StartedUtc)}, commit {Commit(resumption.Source)}")),
            .. run.Summary.Incomplete.Select(missing => ("left out", FormattableString.Invariant(
                $"{missing.Cell.Experiment}, {missing.Cell.Strategy}, seed {missing.Cell.Seed}: {missing.Reason}"))),
        ];
    }

    private static string Commit(SourceRevision source) => (source.Commit ?? "unknown") + source.IsDirty switch
    {
        true => ", with changes that are not committed",
        false => "",
        null => ", whether it was changed is unknown",
    };

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    /// <summary>An argument as a shell takes it.</summary>
    private static string Quoted(string argument) =>
        argument.Length > 0 && argument.All(c => char.IsLetterOrDigit(c) || "-_=,./:+@%".Contains(c))
            ? argument
            : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
