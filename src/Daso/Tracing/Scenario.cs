using System.Text.Json;
using Daso.Communication;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Tracing;

/// <summary>What a trace is taken of: a training with variant heat.</summary>
internal sealed class Scenario
{
    private static readonly string[] s_vectors = ["first", "last", "all", "none"];

    private readonly string _path;
    private readonly bool _keepsAll;
    private readonly bool _keepsFirst;
    private readonly bool _keepsLast;

    private Scenario(string path, JsonElement json)
    {
        _path = path;
        Json = json;
        Batches = AtLeastOne("nb");
        Epochs = AtLeastOne("epochs");
        Strategy = new DasoSpec
        {
            Schedule = new DasoSettings
            {
                Variant = DasoVariant.Heat,
                WarmupEpochs = Integer("warmup"),
                CooldownEpochs = Integer("cooldown"),
                MaxGlobalSkips = Integer("max_gs"),
                LocalSkipFactor = Integer("lsf"),
                SkipReductionFactor = Integer("srf"),
                Stability = JsonFile.FiniteNumber(Property("stability")) ?? throw Wrong("stability", "a number"),
            },
            BlockingWire = Wire(),
            ChunkElements = AtLeastOne("chunk"),
        };
        Strategy.Schedule.Validate();
        Losses = ReadLosses();
        string[] vectors = json.TryGetProperty("vectors", out JsonElement kept) ? kept.ToString().Split('+') : ["last"];
        if (vectors.Except(s_vectors).Any())
            throw Wrong("vectors", $"some of {string.Join(", ", s_vectors)}, joined by +");
        _keepsAll = vectors.Contains("all");
        _keepsFirst = vectors.Contains("first");
        _keepsLast = vectors.Contains("last");
    }

    /// <summary>The scenario as it was given.</summary>
    internal JsonElement Json { get; }

    /// <summary>Batches of an epoch.</summary>
    internal int Batches { get; }

    /// <summary>Epochs.</summary>
    internal int Epochs { get; }

    /// <summary>DASO with the scenario's settings.</summary>
    internal DasoSpec Strategy { get; }

    /// <summary>The losses that are given to the schedule, one an epoch; null: those measured.</summary>
    internal IReadOnlyList<double>? Losses { get; }

    /// <summary>Reads a file that is a scenario, or a trace with one.</summary>
    /// <exception cref="UserErrorException">It is neither, or a value is missing or out of its range.</exception>
    internal static Scenario Read(string path) => Read(path, ReadFile(path));

    /// <summary>Reads a scenario of the reference.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="json">What <see cref="ReadFile"/> read.</param>
    /// <exception cref="UserErrorException">A value is missing or out of its range.</exception>
    internal static Scenario Read(string path, JsonElement json) => new(path, json);

    /// <summary>The object of a file that is a scenario, of whatever kind, or a trace with one.</summary>
    /// <exception cref="UserErrorException">It is neither.</exception>
    internal static JsonElement ReadFile(string path)
    {
        JsonElement json = JsonFile.Read(path, "a scenario or a trace");
        if (json.ValueKind == JsonValueKind.Object && json.TryGetProperty("scenario", out JsonElement inner))
            json = inner;
        return json.ValueKind == JsonValueKind.Object
            ? json
            : throw new UserErrorException($"{path}: no scenario object; name a scenario or a trace");
    }

    /// <summary>Whether the whole parameter vector after this batch is kept.</summary>
    internal bool KeepsVectorOf(int batch) => _keepsAll || (_keepsFirst && batch == 0) || (_keepsLast && batch == Batches - 1);

    private JsonElement Property(string name) =>
        Json.TryGetProperty(name, out JsonElement value) ? value : throw new UserErrorException($"{_path}: the scenario has no {name}");

    private int Integer(string name) =>
        Property(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetInt32(out int number)
            ? number
            : throw Wrong(name, "an integer");

    private int AtLeastOne(string name) => Integer(name) is int number && number >= 1 ? number : throw Wrong(name, "at least 1");

    private WireFormat Wire() => Property("dtype").ToString() switch
    {
        "f32" => WireFormat.Float32,
        "bf16" => WireFormat.BFloat16,
        "f16" => WireFormat.Float16,
        _ => throw Wrong("dtype", "\"f32\", \"bf16\" or \"f16\""),
    };

    private double[]? ReadLosses()
    {
        if (!Json.TryGetProperty("losses", out JsonElement losses) || losses.ValueKind == JsonValueKind.Null)
            return null;
        if (losses.ValueKind != JsonValueKind.Array || losses.GetArrayLength() < Epochs)
            throw Wrong("losses", $"null or {Epochs} numbers, one an epoch");
        return [.. losses.EnumerateArray().Select(loss => JsonFile.FiniteNumber(loss) ?? throw Wrong("losses", "null or finite numbers"))];
    }

    private UserErrorException Wrong(string name, string expected) =>
        new($"{_path}: the scenario's {name} is {Property(name).GetRawText()}; it must be {expected}");
}
