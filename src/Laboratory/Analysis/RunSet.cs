using System.Text.Json;
using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A run, or all runs of a folder, to be looked at as runs of one benchmark.</summary>
/// <param name="Path">As the user gave it.</param>
/// <param name="Runs">The oldest first.</param>
internal sealed record RunSet(string Path, IReadOnlyList<RecordedRun> Runs)
{
    /// <summary>Of each run.</summary>
    public IReadOnlyList<Manifest> Manifests => [.. Runs.Select(run => run.Manifest)];

    /// <summary>Of each run.</summary>
    public IReadOnlyList<RunSummary> Summaries => [.. Runs.Select(run => run.Summary)];

    /// <summary>Reads a run's folder, or every run in a folder.</summary>
    /// <exception cref="UserErrorException">There is none, or a file is damaged.</exception>
    public static RunSet Read(string path)
    {
        if (!Directory.Exists(path))
            throw new UserErrorException($"{path}: no such folder; name the folder of a run, or a folder of runs");
        RunFolder[] folders = File.Exists(System.IO.Path.Combine(path, "manifest.json"))
            ? [RunFolder.Open(path)]
            : [.. Directory.GetDirectories(path)
                .Where(folder => File.Exists(System.IO.Path.Combine(folder, "manifest.json")))
                .Order(StringComparer.Ordinal)
                .Select(RunFolder.Open)];
        if (folders.Length == 0)
            throw new UserErrorException($"{path}: no manifest.json, here or in a folder below; name the folder of a run, or a folder of runs");
        return new RunSet(path, [.. folders.Select(RecordedRun.Open).OrderBy(run => run.Manifest.StartedUtc)]);
    }

    /// <summary>The hash of what all runs of the set ran together.</summary>
    /// <exception cref="UserErrorException">They ran different benchmarks.</exception>
    public string SpecificationHash()
    {
        string[] hashes = [.. Manifests.Select(run => Manifest.Hash(WithAllSeeds(run)))];
        int other = Array.FindIndex(hashes, hash => hash != hashes[0]);
        return other < 0
            ? hashes[0]
            : throw new UserErrorException(
                $"{Path}: runs of different specifications, {Manifests[0].RunId} and {Manifests[other].RunId}; keep each benchmark's runs in a folder of their own");
    }

    /// <summary>All that the manifests say of a run's circumstances: paths of settings, and their different values in the set.</summary>
    public SortedDictionary<string, SortedSet<string>> Environment()
    {
        var values = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (Manifest manifest in Manifests)
        {
            JsonObject json = JsonSerializer.SerializeToNode(manifest, ManifestJson.Readable.Manifest)!.AsObject();
            foreach (string part in (string[])["source", "cluster", "hardware", "software", "settings"])
                JsonLeaves.Add(json[part], part, values);
        }

        return values;
    }

    /// <summary>The settings of the specification, likewise.</summary>
    public SortedDictionary<string, SortedSet<string>> Specification()
    {
        var values = new SortedDictionary<string, SortedSet<string>>(StringComparer.Ordinal);
        foreach (Manifest manifest in Manifests)
            JsonLeaves.Add(WithAllSeeds(manifest), "", values);
        return values;
    }

    /// <summary>
    /// A run's specification with the seeds of all runs: those that differ in nothing else are parts of one benchmark, such as the jobs of
    /// an array.
    /// </summary>
    private JsonObject WithAllSeeds(Manifest run)
    {
        if (Manifests.All(one => one.SpecificationHash == run.SpecificationHash))
            return run.Specification;
        JsonObject joined = run.Specification.DeepClone().AsObject();
        foreach (PlannedExperiment experiment in run.Experiments)
        {
            IEnumerable<int> seeds = Manifests.SelectMany(one => one.Experiments).Where(one => one.Name == experiment.Name).SelectMany(one => one.Seeds);
            if (joined[experiment.Name] is JsonObject part)
                part["seeds"] = string.Join(',', seeds.Distinct().Order());
        }

        return joined;
    }
}

/// <summary>JSON as a list of paths and values.</summary>
internal static class JsonLeaves
{
    /// <summary>Adds every value below a node with its path.</summary>
    public static void Add(JsonNode? node, string path, SortedDictionary<string, SortedSet<string>> values)
    {
        switch (node)
        {
            case JsonObject parts:
                foreach ((string name, JsonNode? part) in parts)
                    Add(part, path.Length == 0 ? name : $"{path}.{name}", values);
                break;
            case JsonArray entries:
                for (int i = 0; i < entries.Count; i++)
                    Add(entries[i], $"{path}[{i}]", values);
                break;
            default:
                if (!values.TryGetValue(path, out SortedSet<string>? known))
                    values.Add(path, known = new SortedSet<string>(StringComparer.Ordinal));
                known.Add(node?.ToString() ?? "null");
                break;
        }
    }
}
