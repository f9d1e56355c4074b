using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Experiments;

/// <summary>Refuses to go on with a run whose plan is another.</summary>
internal static class SamePlan
{
    /// <summary>Compares the specifications.</summary>
    /// <param name="path">The run's folder, as the user gave it.</param>
    /// <param name="earlier">The run.</param>
    /// <param name="here">What this process would write.</param>
    /// <exception cref="UserErrorException">They differ; the message names the first difference and the run's command line.</exception>
    public static void Require(string path, Manifest earlier, Manifest here)
    {
        if (earlier.SpecificationHash == here.SpecificationHash)
            return;

        throw new UserErrorException(
            $"--resume {path}: the run's specification is {earlier.SpecificationHash[..12]}, this command's {here.SpecificationHash[..12]}, "
            + $"they differ in {FirstDifference(earlier.Specification, here.Specification)}; "
            + $"repeat the run's command: {string.Join(' ', earlier.CommandLine)}");
    }

    /// <summary>The path of the first setting that only one has or whose values differ.</summary>
    private static string FirstDifference(JsonObject left, JsonObject right)
    {
        foreach (string name in left.Select(entry => entry.Key).Union(right.Select(entry => entry.Key)))
        {
            if (JsonNode.DeepEquals(left[name], right[name]) && left.ContainsKey(name) == right.ContainsKey(name))
                continue;
            return left[name] is JsonObject inLeft && right[name] is JsonObject inRight
                ? $"{name}.{FirstDifference(inLeft, inRight)}"
                : name;
        }

        return "the order of settings";
    }
}
