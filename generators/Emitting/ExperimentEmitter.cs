using Daso.Generators.Model;

namespace Daso.Generators.Emitting;

/// <summary>The other part of an experiment class: its definition.</summary>
internal static class ExperimentEmitter
{
    private const string Experiments = "global::Daso.Experiments.";

    public static string Emit(ExperimentSpec spec)
    {
        SourceWriter writer = GeneratedFile.Start(spec.Namespace);
        writer.Open($"partial {(spec.IsRecord ? "record" : "class")} {spec.ClassName}");
        writer.Line("/// <summary>What the attributes of this class say, and how to make its set-up.</summary>");
        writer.Open($"public static {Experiments}ExperimentDefinition Definition => new()");
        writer.Line($"Suite = {Literal.Of(spec.Suite)},");
        writer.Line($"Name = {Literal.Of(spec.Name)},");
        writer.Line($"Summary = {Literal.Of(spec.Summary)},");
        if (spec.Parameters.Count == 0)
            writer.Line("Parameters = [],");
        else
            writer.List("Parameters =", spec.Parameters.Select(p => Definition(spec, p)), "],");
        writer.List("Strategies =", spec.Strategies.Select(s => $"new({Literal.Of(s.Name)}, {Literal.Of(s.IsBaseline)})"), "],");
        writer.Line($"Seeds = {Literal.ListOf(spec.Seeds.Select(Literal.Of))},");
        writer.Line(spec.Steps == 0 ? $"Epochs = {Literal.Of(spec.Epochs)}," : $"Steps = {Literal.Of(spec.Steps)},");
        if (spec.Link is { } link)
            writer.Line($"Link = {Literal.Of(link)},");
        if (spec.Target is { } target)
        {
            string direction = "global::Daso.Specification.TargetDirection." + (target.IsAtLeast ? "AtLeast" : "AtMost");
            writer.Line($"Target = new({Literal.Of(target.Metric)}, {direction}, {Literal.Of(target.Value)}),");
        }

        if (spec.Tiers.Count > 0)
            writer.List("Tiers =", spec.Tiers.Select(t => Definition(spec, t)), "],");
        if (spec.References.Count > 0)
            writer.List("References =", spec.References.Select(Definition), "],");
        if (spec.Tags.Count > 0)
            writer.Line($"Tags = {Literal.ListOf(spec.Tags.Select(Literal.Of))},");
        EmitCreate(writer, spec);
        return writer.Close("};").Close().ToString();
    }

    private static void EmitCreate(SourceWriter writer, ExperimentSpec spec)
    {
        writer.Open("Create = static values =>");
        if (spec.Parameters.Count == 0)
        {
            writer.Line($"var experiment = new {Class(spec)}();");
        }
        else
        {
            writer.Open($"var experiment = new {Class(spec)}");
            foreach (ParameterSpec parameter in spec.Parameters)
                writer.Line($"{Literal.Identifier(parameter.Name)} = {Reading(parameter)},");
            writer.Close("};");
        }

        writer.Open($"return new {Experiments}ExperimentSetup(", bracket: null);
        foreach (MemberSpec member in new[] { spec.Model, spec.Data, spec.Optimizer, spec.LearningRate })
            writer.Line(Guarded(spec, member) + ",");
        writer.Open("[", bracket: null);
        foreach (StrategyEntry strategy in spec.Strategies)
            writer.Line(Guarded(spec, strategy.Member) + ",");
        string[] settings =
        [
            .. from one in new[] { (Name: "Objective", Member: spec.Objective), (Name: "Precision", Member: spec.Precision) }
               where one.Member is not null
               select $"{one.Name} = {Guarded(spec, one.Member)}",
        ];
        writer.Close(settings.Length == 0 ? "]);" : $"]) {{ {string.Join(", ", settings)} }};").Outdent().Close("},");
    }

    /// <summary>A member's value; what goes wrong when it is read names it.</summary>
    private static string Guarded(ExperimentSpec spec, MemberSpec member)
    {
        string name = Literal.Of($"{spec.Name}: {spec.ClassName}.{member.Name}");
        return $"{Experiments}ExperimentMembers.Value({name}, {(member.IsStatic ? "static " : "")}() => {Use(spec, member)})";
    }

    private static string Definition(ExperimentSpec spec, ParameterSpec parameter)
    {
        string[] arguments =
        [
            Literal.Of(parameter.Name),
            Literal.Of(parameter.Option),
            Literal.Of(parameter.TypeName),
            parameter.Source is { } source
                ? ReadLater(spec, parameter, source)
                : Literal.ListOf(parameter.Values.Select(Literal.Of)),
            Literal.Of(parameter.Help),
        ];
        string definition = $"new({string.Join(", ", arguments)})";
        return parameter.Kind == ParameterKind.Text
            ? definition
            : $"{definition} {{ Normalize = static values => {Experiments}ParameterValues.TextOf({Reading(parameter)}) }}";
    }

    private static string ReadLater(ExperimentSpec spec, ParameterSpec parameter, MemberSpec source)
    {
        string type = parameter.Kind switch
        {
            ParameterKind.Integer => "int",
            ParameterKind.Number => "double",
            ParameterKind.Truth => "bool",
            ParameterKind.Choice => parameter.EnumType!,
            _ => "string?",
        };
        string owner = Literal.Of($"{spec.Name}: parameter {parameter.Name} of {spec.ClassName}");
        return $"{Experiments}ExperimentMembers.Values<{type}>({owner}, {Literal.Of(source.Name)}, static () => {Use(spec, source)})";
    }

    private static string Definition(ExperimentSpec spec, TierSpec tier)
    {
        IEnumerable<string> parameters =
            from parameter in spec.Parameters
            from set in parameter.TierValues
            where set.Tier == tier.Name
            select $"new({Literal.Of(parameter.Option)}, {Literal.ListOf(set.Values.Select(Literal.Of))})";
        string definition = $"new({Literal.Of(tier.Name)}, {Given(tier.Epochs)}, {Given(tier.Steps)})";
        return parameters.Any() ? $"{definition} {{ Parameters = {Literal.ListOf(parameters)} }}" : definition;
    }

    private static string Definition(ReferenceSpec reference)
    {
        string[] arguments =
        [
            Literal.Of(reference.System),
            Literal.Of(reference.Strategy),
            Literal.Of(reference.Metric),
            Literal.Of(reference.Value),
            reference.Lower is double lower ? Literal.Of(lower) : "null",
            reference.Upper is double upper ? Literal.Of(upper) : "null",
            Literal.Of(reference.Unit),
            reference.Tier is { } tier ? Literal.Of(tier) : "null",
        ];
        return $"new({string.Join(", ", arguments)})";
    }

    private static string Given(int value) => value == 0 ? "null" : Literal.Of(value);

    private static string Reading(ParameterSpec parameter)
    {
        string option = Literal.Of(parameter.Option);
        return parameter.Kind switch
        {
            ParameterKind.Integer => $"values.Integer({option})",
            ParameterKind.Number => $"values.Number({option})",
            ParameterKind.Truth => $"values.Truth({option})",
            ParameterKind.Choice => $"values.Choice<{parameter.EnumType}>({option})",
            _ => $"values.Text({option})",
        };
    }

    private static string Use(ExperimentSpec spec, MemberSpec member) =>
        $"{(member.IsStatic ? Class(spec) : "experiment")}.{Literal.Identifier(member.Name)}{(member.IsMethod ? "()" : "")}";

    /// <summary>In full: a local here or an inherited member may have the class's name.</summary>
    private static string Class(ExperimentSpec spec) => $"global::{spec.FullName}";
}
