namespace Daso.Generators.Model;

/// <summary>
/// Everything that generated code says of an experiment. Holds text and numbers only: a symbol, a syntax node or a compilation in here
/// would never equal that of the next keystroke, and would keep whole compilations in memory.
/// </summary>
/// <param name="Namespace">Without global::, keywords escaped; empty in the global namespace.</param>
/// <param name="ClassName">Keywords escaped.</param>
/// <param name="IsRecord">Whether it is declared as a record.</param>
/// <param name="Suite">The suite's name.</param>
/// <param name="Name">The experiment's name.</param>
/// <param name="Summary">The class's doc comment in one line; empty if it has none.</param>
/// <param name="Parameters">In the order of the source.</param>
/// <param name="Model">Gives the model.</param>
/// <param name="Data">Gives the data.</param>
/// <param name="Optimizer">Gives the optimizer.</param>
/// <param name="LearningRate">Gives the learning-rate schedule.</param>
/// <param name="Objective">Gives what the model is trained for; null: it is not said.</param>
/// <param name="Precision">Gives the format that it computes in; null: it is not said.</param>
/// <param name="Strategies">In the order of the source.</param>
/// <param name="Seeds">At least one.</param>
/// <param name="Epochs">At least 1; 0: it is said in steps.</param>
/// <param name="Steps">At least 1; 0: it is said in epochs.</param>
/// <param name="Link">The emulated link, if any.</param>
/// <param name="Target">The quality to reach, if any.</param>
/// <param name="Tiers">In the order of the source.</param>
/// <param name="References">In the order of the source.</param>
/// <param name="Tags">In the order of the source.</param>
internal sealed record ExperimentSpec(
    string Namespace,
    string ClassName,
    bool IsRecord,
    string Suite,
    string Name,
    string Summary,
    EquatableArray<ParameterSpec> Parameters,
    MemberSpec Model,
    MemberSpec Data,
    MemberSpec Optimizer,
    MemberSpec LearningRate,
    MemberSpec? Objective,
    MemberSpec? Precision,
    EquatableArray<StrategyEntry> Strategies,
    EquatableArray<int> Seeds,
    int Epochs,
    int Steps,
    string? Link,
    TargetSpec? Target,
    EquatableArray<TierSpec> Tiers,
    EquatableArray<ReferenceSpec> References,
    EquatableArray<string> Tags)
{
    /// <summary>The class's name with its namespace, without global::.</summary>
    public string FullName => Namespace.Length == 0 ? ClassName : Namespace + "." + ClassName;
}

/// <summary>A property with values to run over.</summary>
/// <param name="Name">The property's name, not escaped.</param>
/// <param name="Option">The command-line option without dashes.</param>
/// <param name="Kind">What its values are.</param>
/// <param name="EnumType">The enum's fully qualified name; null for other kinds.</param>
/// <param name="TypeName">What a user may write.</param>
/// <param name="Values">The values as text; none if a member gives them.</param>
/// <param name="Source">The member that gives them; null if they are written.</param>
/// <param name="TierValues">The values in tiers, in the order of the source.</param>
/// <param name="Help">The doc comment in one line.</param>
internal sealed record ParameterSpec(
    string Name,
    string Option,
    ParameterKind Kind,
    string? EnumType,
    string TypeName,
    EquatableArray<string> Values,
    MemberSpec? Source,
    EquatableArray<TierValuesSpec> TierValues,
    string Help);

/// <summary>The types that a parameter can have.</summary>
internal enum ParameterKind
{
    Integer,
    Number,
    Text,
    Truth,
    Choice,
}

/// <summary>A property or a parameterless method of the experiment class.</summary>
internal sealed record MemberSpec(string Name, bool IsStatic, bool IsMethod);

/// <summary>A strategy and the member that gives it.</summary>
internal sealed record StrategyEntry(string Name, bool IsBaseline, MemberSpec Member);

/// <summary>A shorter or longer form; 0: as the experiment says.</summary>
internal sealed record TierSpec(string Name, int Epochs, int Steps);

/// <summary>A parameter's values in a tier, as text.</summary>
internal sealed record TierValuesSpec(string Tier, EquatableArray<string> Values);

/// <summary>A metric and its threshold.</summary>
internal sealed record TargetSpec(string Metric, bool IsAtLeast, double Value);

/// <summary>A strategy's figure on a system; a bound or tier that is not set is null.</summary>
internal sealed record ReferenceSpec(
    string System, string Strategy, string Metric, double Value, double? Lower, double? Upper, string Unit, string? Tier);
