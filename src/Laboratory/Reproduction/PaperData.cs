using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Daso.Prediction;

namespace Daso.Reproduction;

/// <summary>
/// The paper as data: artifacts/paper of the repository, embedded in this library, so that a clone and an installed package have the same.
/// </summary>
internal static class PaperData
{
    /// <summary>The claims.</summary>
    internal static ClaimFile Claims() => Read("claims.json", PaperJson.Default.ClaimFile);

    /// <summary>A described system.</summary>
    internal static SystemSpec System(string name) => Read($"{name}.json", PaperJson.Default.SystemSpec);

    /// <summary>Where each of a system's numbers comes from.</summary>
    internal static IReadOnlyList<NumberSource> SourcesOf(string system) =>
        Read($"{system}.sources.json", PaperJson.Default.IReadOnlyListNumberSource);

    /// <summary>A described workload.</summary>
    internal static WorkloadSpec Workload(string name) => Read($"workloads/{name}.json", PaperJson.Default.WorkloadSpec);

    private static T Read<T>(string name, JsonTypeInfo<T> type)
    {
        using Stream file = typeof(PaperData).Assembly.GetManifestResourceStream($"paper/{name}")
            ?? throw new InvalidOperationException($"{name} is not embedded");
        return JsonSerializer.Deserialize(file, type) ?? throw new InvalidOperationException($"{name} is empty");
    }
}

/// <summary>Where a number was read.</summary>
/// <param name="Number">Its path in the file, as in interNode.latencyNs.</param>
/// <param name="Mark">How well it is known.</param>
/// <param name="Where">What stands there.</param>
internal sealed record NumberSource(string Number, SourceMark Mark, string Where);

/// <summary>Reads the paper's files without reflection; an unknown field is an error.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(ClaimFile))]
[JsonSerializable(typeof(SystemSpec))]
[JsonSerializable(typeof(WorkloadSpec))]
[JsonSerializable(typeof(IReadOnlyList<NumberSource>))]
internal sealed partial class PaperJson : JsonSerializerContext;
