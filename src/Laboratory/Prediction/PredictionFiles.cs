using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Daso.Recording;

namespace Daso.Prediction;

/// <summary>Systems and workloads as JSON files.</summary>
internal static class PredictionFiles
{
    /// <summary>Reads a system.</summary>
    /// <exception cref="UserErrorException">The file cannot be read, or describes no system.</exception>
    public static SystemSpec ReadSystem(string path)
    {
        SystemSpec system = Read(path, "a system", PredictionJson.Readable.SystemSpec, WithSystemDefaults);
        system.Validate();
        return system;
    }

    /// <summary>Reads a workload.</summary>
    /// <exception cref="UserErrorException">The file cannot be read, or describes no workload.</exception>
    public static WorkloadSpec ReadWorkload(string path)
    {
        WorkloadSpec workload = Read(path, "a workload", PredictionJson.Readable.WorkloadSpec, WithWorkloadDefaults);
        workload.Validate();
        return workload;
    }

    /// <summary>Whether a file holds a calibration rather than a system alone.</summary>
    /// <exception cref="UserErrorException">The file cannot be read, or is no JSON.</exception>
    public static bool IsCalibration(string path) =>
        JsonFile.Read(path, "a system") is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty("workloads", out _);

    /// <summary>Reads what <c>predict --save</c> wrote.</summary>
    /// <exception cref="UserErrorException">The file cannot be read, or is no calibration.</exception>
    public static Calibration ReadCalibration(string path) =>
        Read(path, "a calibration", PredictionJson.Readable.Calibration, calibration => calibration);

    /// <summary>Writes a calibration.</summary>
    /// <exception cref="UserErrorException">The file cannot be written.</exception>
    public static void Write(string path, Calibration calibration)
    {
        try
        {
            AtomicFile.Write(
                path, target => File.WriteAllText(target, JsonSerializer.Serialize(calibration, PredictionJson.Readable.Calibration)));
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw new UserErrorException($"--save {path}: cannot be written ({FileFailure.Reason(failure)})");
        }
    }

    private static T Read<T>(string path, string what, JsonTypeInfo<T> type, Func<JsonObject, JsonObject> withDefaults)
    {
        try
        {
            JsonObject json = JsonObject.Create(JsonFile.Read(path, what)) ?? throw new JsonException("it is null");
            return withDefaults(json).Deserialize(type)!;
        }
        catch (Exception damage) when (damage is JsonException or InvalidOperationException)
        {
            throw new UserErrorException($"{path}: not {what} ({FileFailure.Reason(damage)}); docs/prediction.md shows one");
        }
    }

    /// <summary>What may be left out. The serializer that is made at compile time does not know the initial values of properties.</summary>
    private static JsonObject WithSystemDefaults(JsonObject json) => WithDefaults(
        json, ("source", ""), ("cardsPerNode", 1), ("duplexFactor", 1.0), ("hasMpiProgress", true));

    private static JsonObject WithWorkloadDefaults(JsonObject json) => WithDefaults(json, ("source", ""), ("batchPerRank", 1));

    private static JsonObject WithDefaults(JsonObject json, params ReadOnlySpan<(string Name, JsonNode Value)> defaults)
    {
        foreach ((string name, JsonNode value) in defaults)
            json.TryAdd(name, value);
        return json;
    }
}

/// <summary>Serialises without reflection; unknown names are errors, so that a typing mistake does not pass for a default.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    WriteIndented = true,
    UseStringEnumConverter = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow)]
[JsonSerializable(typeof(SystemSpec))]
[JsonSerializable(typeof(WorkloadSpec))]
[JsonSerializable(typeof(Calibration))]
internal sealed partial class PredictionJson : JsonSerializerContext
{
    private static PredictionJson? s_readable;

    /// <summary>With letters as they are. Made late: it builds on a static of the generated part.</summary>
    public static PredictionJson Readable =>
        s_readable ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
