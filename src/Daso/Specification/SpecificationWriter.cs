using System.Text.Json.Nodes;

namespace Daso.Specification;

/// <summary>Something that defines an experiment's result and can say so in full.</summary>
public interface ISpecification
{
    /// <summary>Writes every setting that changes the result, in a fixed order.</summary>
    /// <param name="writer">Takes the settings.</param>
    void Describe(SpecificationWriter writer);
}

/// <summary>Collects settings as JSON without reflection; names are unique, order is that of the calls.</summary>
public sealed class SpecificationWriter
{
    /// <summary>What was written so far.</summary>
    public JsonObject Json { get; } = [];

    /// <summary>Adds a text.</summary>
    public SpecificationWriter Add(string name, string? value) => AddNode(name, JsonValue.Create(value));

    /// <summary>Adds a whole number.</summary>
    public SpecificationWriter Add(string name, long value) => AddNode(name, JsonValue.Create(value));

    /// <summary>Adds a number.</summary>
    public SpecificationWriter Add(string name, double value) => AddNode(name, JsonValue.Create(value));

    /// <summary>Adds a truth value.</summary>
    public SpecificationWriter Add(string name, bool value) => AddNode(name, JsonValue.Create(value));

    /// <summary>Adds a nested specification under its own object.</summary>
    public SpecificationWriter Add(string name, ISpecification value) => AddNode(name, ToJson(value));

    /// <summary>Writes one specification to an object of its own.</summary>
    public static JsonObject ToJson(ISpecification specification)
    {
        var writer = new SpecificationWriter();
        specification.Describe(writer);
        return writer.Json;
    }

    private SpecificationWriter AddNode(string name, JsonNode? node)
    {
        Json.Add(name, node);
        return this;
    }
}
