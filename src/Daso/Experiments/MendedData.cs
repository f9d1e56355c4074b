using System.Text.Json.Nodes;
using Daso.Data;

namespace Daso.Experiments;

/// <summary>Lets a run go on whose data has a few other files than when it began: a damaged image that was replaced.</summary>
internal static class MendedData
{
    private const string Entry = "data of ";

    /// <summary>The entry of a specification with a variant's fingerprint of its data.</summary>
    public static string EntryOf(string variant) => Entry + variant;

    /// <summary>Takes the run's fingerprint for the present one wherever only a few files differ.</summary>
    /// <param name="earlier">The run's specification.</param>
    /// <param name="here">What this process would write.</param>
    /// <param name="notes">A line for each data that has changed.</param>
    /// <returns>What this process would write with the data as it was.</returns>
    public static JsonObject Accept(JsonObject earlier, JsonObject here, out IReadOnlyList<string> notes)
    {
        var accepted = (JsonObject)here.DeepClone();
        var lines = new List<string>();
        foreach (string entry in here.Select(setting => setting.Key).Where(key => key.StartsWith(Entry, StringComparison.Ordinal)))
        {
            if (!DataFingerprint.IsMended((string?)earlier[entry] ?? "", (string)here[entry]!, out int changed, out int groups))
                continue;
            accepted[entry] = (string)earlier[entry]!;
            lines.Add($"note: {entry}: {changed} of {groups} {(groups < DataFingerprint.MostGroups ? "files" : "groups of files")} "
                + "changed since the run began; taken as mended");
        }

        notes = lines;
        return accepted;
    }
}
