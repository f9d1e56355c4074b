using System.Text.Json.Nodes;
using Daso.Recording;

namespace Daso.Experiments;

/// <summary>Refuses to go on with a run, or to replay one, whose plan is another.</summary>
internal static class SamePlan
{
    /// <summary>Compares the specifications.</summary>
    /// <param name="command">What the user asked for, with the run's folder as given.</param>
    /// <param name="earlier">The run.</param>
    /// <param name="here">What this process would write.</param>
    /// <param name="mend">What the user can do.</param>
    /// <exception cref="UserErrorException">They differ; the message names the first difference and the mend.</exception>
    public static void Require(string command, Manifest earlier, Manifest here, string mend)
    {
        if (earlier.SpecificationHash == here.SpecificationHash)
            return;

        throw new UserErrorException(
            $"{command}: the run's specification is {earlier.SpecificationHash[..12]}, this command's {here.SpecificationHash[..12]}, "
            + $"they differ in {FirstDifference(earlier.Specification, here.Specification)}; "
            + mend);
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
