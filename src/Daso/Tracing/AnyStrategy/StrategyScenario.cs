using System.Text.Json;
using System.Text.Json.Nodes;
using Daso.Cluster;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Tracing;

/// <summary>A tensor of a scenario: what it is called, its sizes and its first values.</summary>
internal sealed record TracedTensor(string Name, long[] Shape, float[] Start);

/// <summary>
/// What a trace of any strategy is taken of: named tensors with their first values, and a script that says every rank's gradient, in place
/// of a model and data. docs/schedule.md has the form of the file.
/// </summary>
internal sealed class StrategyScenario
{
    private readonly string _path;
    private readonly JsonElement _json;

    private StrategyScenario(string path, JsonElement json, IReadOnlyList<SpecificationKind> kinds)
    {
        _path = path;
        _json = json;
        Topology = new Topology(Integer("nodes", 1, 2), Integer("ranksPerNode", 1, 2));
        Steps = Integer("steps", 1, null);
        StepsPerEpoch = Integer("stepsPerEpoch", 1, Steps);
        LearningRate = json.TryGetProperty("learningRate", out JsonElement rate)
            ? JsonFile.FiniteNumber(rate) ?? throw Wrong("learningRate", "a number")
            : 1;
        Losses = ReadLosses();
        Tensors = [.. Entries("parameters").Select(ReadTensor)];
        if (Tensors.Count == 0 || Tensors.Select(tensor => tensor.Name).Distinct().Count() < Tensors.Count)
            throw Wrong("parameters", "at least one tensor, each with a name of its own");
        Gradients = GradientScript.Read(path, Property("gradients"), Topology.Ranks, Tensors.Sum(tensor => tensor.Start.Length));
        Strategy = Specification<StrategySpec>("strategy", kinds);
        Optimizer = json.TryGetProperty("optimizer", out _)
            ? Specification<OptimizerSpec>("optimizer", kinds)
            : new SgdSpec(Momentum: 0, WeightDecay: 0);
    }

    /// <summary>The scenario as it was given.</summary>
    internal JsonElement Json => _json;

    /// <summary>The cluster.</summary>
    internal Topology Topology { get; }

    /// <summary>Steps of the whole training.</summary>
    internal int Steps { get; }

    /// <summary>Steps of an epoch; the last one may be shorter.</summary>
    internal int StepsPerEpoch { get; }

    /// <summary>Of every step.</summary>
    internal double LearningRate { get; }

    /// <summary>What the strategy is told of each epoch's loss; the last one stands for all later epochs.</summary>
    internal IReadOnlyList<double> Losses { get; }

    /// <summary>In the order in which they lie in the flat parameters.</summary>
    internal IReadOnlyList<TracedTensor> Tensors { get; }

    /// <summary>Every rank's gradient in every step.</summary>
    internal GradientScript Gradients { get; }

    /// <summary>What keeps the ranks in agreement.</summary>
    internal StrategySpec Strategy { get; }

    /// <summary>The local optimizer; plain SGD if none is given.</summary>
    internal OptimizerSpec Optimizer { get; }

    /// <summary>Whether a file's content is one: it names a strategy.</summary>
    internal static bool IsOne(JsonElement json) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty("strategy", out _);

    /// <summary>Reads one.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="json">Its content.</param>
    /// <param name="kinds">Strategies and optimizers that it may name.</param>
    /// <exception cref="UserErrorException">A value is missing or out of its range.</exception>
    internal static StrategyScenario Read(string path, JsonElement json, IReadOnlyList<SpecificationKind> kinds) => new(path, json, kinds);

    private T Specification<T>(string name, IReadOnlyList<SpecificationKind> kinds)
        where T : class, ISpecification
    {
        var settings = JsonNode.Parse(Property(name).GetRawText()) as JsonObject;
        return (settings is null ? null : SpecificationReader.Read<T>(settings, kinds, $"{_path}: {name}"))
            ?? throw Wrong(name, "settings with a \"kind\" that this program knows, as a run's manifest has them");
    }

    private TracedTensor ReadTensor(JsonElement tensor)
    {
        if (tensor.ValueKind != JsonValueKind.Object
            || !tensor.TryGetProperty("name", out JsonElement name) || name.ValueKind != JsonValueKind.String
            || !tensor.TryGetProperty("start", out JsonElement start))
            throw Wrong("parameters", "tensors with \"name\", \"start\" and, where it has sizes, \"shape\"");
        long[] shape = tensor.TryGetProperty("shape", out JsonElement sizes) && sizes.ValueKind == JsonValueKind.Array
            ? [.. sizes.EnumerateArray().Select(size => size.TryGetInt64(out long n) && n > 0 ? n : throw Wrong("parameters", "shapes of sizes above 0"))]
            : [Math.Max(1, start.ValueKind == JsonValueKind.Array ? start.GetArrayLength() : 1)];
        int length = checked((int)shape.Aggregate(1L, (product, size) => product * size));
        float[] values = NumberList.Of(start, length) ?? throw Wrong("parameters", "tensors whose \"start\" is a number, or one for each element");
        return new TracedTensor(name.GetString()!, shape, values);
    }

    private double[] ReadLosses()
    {
        if (!_json.TryGetProperty("losses", out JsonElement losses))
            return [1];
        double?[] values = losses.ValueKind == JsonValueKind.Array ? [.. losses.EnumerateArray().Select(JsonFile.FiniteNumber)] : [];
        return values.Length > 0 && values.All(value => value is not null)
            ? [.. values.Select(value => value!.Value)]
            : throw Wrong("losses", "finite numbers, one an epoch");
    }

    private JsonElement.ArrayEnumerator Entries(string name) =>
        Property(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray() : throw Wrong(name, "a list");

    private int Integer(string name, int least, int? otherwise)
    {
        if (!_json.TryGetProperty(name, out JsonElement value))
            return otherwise ?? throw new UserErrorException($"{_path}: the scenario has no {name}");
        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= least
            ? number
            : throw Wrong(name, $"a whole number, at least {least}");
    }

    private JsonElement Property(string name) =>
        _json.TryGetProperty(name, out JsonElement value) ? value : throw new UserErrorException($"{_path}: the scenario has no {name}");

    private UserErrorException Wrong(string name, string expected) =>
        new($"{_path}: the scenario's {name} is {Short(Property(name).GetRawText())}; it must be {expected}");

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "...";
}
