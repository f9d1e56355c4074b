using System.Globalization;
using System.Text.Json.Nodes;

namespace Daso.Specification;

/// <summary>Reads back what a <see cref="SpecificationWriter"/> wrote.</summary>
/// <param name="json">The settings.</param>
/// <param name="kinds">Kinds that may stand where a setting is a specification of several kinds.</param>
/// <param name="path">What names the object in messages.</param>
/// <remarks>Every member throws <see cref="UserErrorException"/> for a setting that is missing or not of its type.</remarks>
public sealed class SpecificationReader(JsonObject json, IReadOnlyList<SpecificationKind> kinds, string path = "specification")
{
    private const string KindName = "kind";

    /// <summary>Reads a specification of any of some kinds.</summary>
    /// <typeparam name="T">What it must be, as a strategy's specification; kinds of other things may have the same name.</typeparam>
    /// <param name="json">The settings, "kind" among them.</param>
    /// <param name="kinds">The kinds that are known.</param>
    /// <param name="path">What names the object in messages.</param>
    /// <returns>Null: it is of another kind.</returns>
    public static T? Read<T>(JsonObject json, IReadOnlyList<SpecificationKind> kinds, string path = "specification")
        where T : class, ISpecification
    {
        if (!json.ContainsKey(KindName))
            return null;
        var reader = new SpecificationReader(json, kinds, path);
        string name = reader.Text(KindName);
        SpecificationKind? kind = kinds.FirstOrDefault(one => one.Name == name && one.Type.IsAssignableTo(typeof(T)));
        return (T?)kind?.Read(reader);
    }

    /// <summary>Whether the setting is there and not null.</summary>
    public bool Has(string name) => json[name] is not null;

    /// <summary>A text.</summary>
    public string Text(string name) => ValueOf(name).TryGetValue(out string? text) ? text : throw Wrong(name, "a text");

    /// <summary>A whole number of 32 bits.</summary>
    public int Int32(string name) =>
        Int64(name) is var value and >= int.MinValue and <= int.MaxValue ? (int)value : throw Wrong(name, "a whole number of 32 bits");

    /// <summary>A whole number of 64 bits.</summary>
    public long Int64(string name)
    {
        JsonValue value = ValueOf(name);
        if (value.TryGetValue(out long wide))
            return wide;
        return value.TryGetValue(out int narrow) ? narrow : throw Wrong(name, "a whole number");
    }

    /// <summary>A number.</summary>
    public double Number(string name)
    {
        JsonValue value = ValueOf(name);
        if (value.TryGetValue(out double number))
            return number;
        return value.TryGetValue(out long whole) ? whole : throw Wrong(name, "a number");
    }

    /// <summary>A truth value.</summary>
    public bool Truth(string name) => ValueOf(name).TryGetValue(out bool truth) ? truth : throw Wrong(name, "true or false");

    /// <summary>A choice, by its name.</summary>
    public T Choice<T>(string name)
        where T : struct, Enum =>
        Enum.GetNames<T>().Contains(Text(name))
            ? Enum.Parse<T>(Text(name))
            : throw Wrong(name, "one of " + string.Join(", ", Enum.GetNames<T>()));

    /// <summary>A value of a type that reads its own text.</summary>
    public T Parsed<T>(string name)
        where T : IParsable<T> =>
        T.TryParse(Text(name), CultureInfo.InvariantCulture, out T? value) ? value : throw Wrong(name, $"the text of a {typeof(T).Name}");

    /// <summary>The settings of a specification of one kind.</summary>
    public SpecificationReader Part(string name) => new(ObjectOf(name), kinds, $"{path}.{name}");

    /// <summary>A specification of one of several kinds.</summary>
    public T Specification<T>(string name)
        where T : class, ISpecification =>
        Read<T>(ObjectOf(name), kinds, $"{path}.{name}") ?? throw Wrong(name, "of a kind that this program knows");

    private JsonObject ObjectOf(string name) => json[name] as JsonObject ?? throw Wrong(name, "an object");

    private JsonValue ValueOf(string name) => json[name] as JsonValue ?? throw Wrong(name, "a value");

    private UserErrorException Wrong(string name, string expected) => new(json[name] is { } wrong
        ? $"{path}.{name} is {wrong.ToJsonString()}; it must be {expected}"
        : $"{path} has no {name}; it must be {expected}");
}
