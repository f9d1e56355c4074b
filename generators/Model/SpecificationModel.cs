namespace Daso.Generators.Model;

/// <summary>Everything that generated code says of a specification; text and numbers only, as in <see cref="ExperimentSpec"/>.</summary>
/// <param name="Namespace">Without global::, keywords escaped; empty in the global namespace.</param>
/// <param name="TypeName">Keywords escaped.</param>
/// <param name="Kind">The value of "kind"; null: none.</param>
/// <param name="OverridesDescribe">Whether a base record declares Describe.</param>
/// <param name="OverridesValidate">Whether a base record declares Validate.</param>
/// <param name="CallsBaseValidate">Whether that has a body.</param>
/// <param name="Settings">In the order of the JSON.</param>
internal sealed record SpecificationModel(
    string Namespace,
    string TypeName,
    string? Kind,
    bool OverridesDescribe,
    bool OverridesValidate,
    bool CallsBaseValidate,
    EquatableArray<SettingModel> Settings)
{
    /// <summary>The record's name with its namespace, without global::.</summary>
    public string FullName => Namespace.Length == 0 ? TypeName : Namespace + "." + TypeName;
}

/// <summary>A property that is a setting.</summary>
/// <param name="Name">The property's name, not escaped.</param>
/// <param name="JsonName">Its name in the JSON.</param>
/// <param name="Kind">How it is written and read.</param>
/// <param name="Type">Its type, fully qualified, without the mark of null.</param>
/// <param name="IsNullable">Whether it can be null.</param>
/// <param name="Parameter">The parameter of the primary constructor that sets it; null: it is set by name.</param>
/// <param name="IsInHash">Whether it is written at all.</param>
/// <param name="Described">The member whose value is written.</param>
/// <param name="IsDescribedNullable">Whether that can be null.</param>
/// <param name="NullAs">What stands for null, as source; null: nothing does.</param>
/// <param name="OmittedWhen">The value that is left out, as source; null: none.</param>
/// <param name="Range">What it must be.</param>
/// <param name="Meaning">The doc comment in one line.</param>
internal sealed record SettingModel(
    string Name,
    string JsonName,
    SettingKind Kind,
    string Type,
    bool IsNullable,
    string? Parameter,
    bool IsInHash,
    string Described,
    bool IsDescribedNullable,
    string? NullAs,
    string? OmittedWhen,
    RangeModel Range,
    string Meaning);

/// <summary>The values that a setting can have.</summary>
/// <param name="Pattern">As a C# pattern; null: all of the type.</param>
/// <param name="IsFinite">Whether the pattern leaves an infinity or NaN that is to be kept out.</param>
/// <param name="Words">As the end of "it must be"; empty: all of the type.</param>
internal sealed record RangeModel(string? Pattern, bool IsFinite, string Words);

/// <summary>How settings are written and read.</summary>
internal enum SettingKind
{
    Int32,
    Int64,
    Number,
    Truth,
    Text,
    Choice,

    /// <summary>By the text that it reads itself.</summary>
    Parsed,

    /// <summary>A specification of one kind.</summary>
    Part,

    /// <summary>A specification of one of several kinds.</summary>
    AnyKind,
}

/// <summary>A kind and the record that it names, with its namespace, without global::.</summary>
internal sealed record KindModel(string Name, string Type);
