using Daso.Generators.Model;
using Daso.Generators.Parsing;

namespace Daso.Generators.Emitting;

/// <summary>The other part of a specification: how it is described, checked and read back.</summary>
internal static class SpecificationEmitter
{
    private const string Library = "global::Daso.Specification.";

    public static string Emit(SpecificationModel model)
    {
        SourceWriter writer = GeneratedFile.Start(model.Namespace);
        writer.Open($"partial record {model.TypeName}{(model.OverridesDescribe ? "" : " : " + Library + "ISpecification")}");
        EmitDescribe(writer, model);
        EmitValidate(writer, model);
        EmitRead(writer, model);
        writer.Line("/// <summary>Rules over several settings, checked when each is in its range.</summary>");
        writer.Line("partial void ValidateTogether();");
        return writer.Close().ToString();
    }

    private static void EmitDescribe(SourceWriter writer, SpecificationModel model)
    {
        writer.Line("/// <inheritdoc />");
        writer.Open($"public {(model.OverridesDescribe ? "override " : "")}void {KnownNames.Describe}({Library}SpecificationWriter writer)");
        if (model.Kind is { } kind)
            writer.Line($"writer.Add(\"kind\", {Literal.Of(kind)});");
        foreach (SettingModel setting in model.Settings.Where(one => one.IsInHash))
            writer.Line(Describing(setting));
        writer.Close().Line();
    }

    private static string Describing(SettingModel setting)
    {
        string name = Literal.Of(setting.JsonName);
        string member = "this." + Literal.Identifier(setting.Described);
        string text = setting.Kind is SettingKind.Choice or SettingKind.Parsed ? ".ToString()" : "";
        if (setting.NullAs is { } nullAs)
            return $"writer.Add({name}, {member} ?? {nullAs});";
        if (setting.IsDescribedNullable)
            return $"if ({member} is {{ }} {Local(setting)}) writer.Add({name}, {Local(setting)}{text});";
        return setting.OmittedWhen is { } omitted
            ? $"if ({member} != {omitted}) writer.Add({name}, {member}{text});"
            : $"writer.Add({name}, {member}{text});";
    }

    private static void EmitValidate(SourceWriter writer, SpecificationModel model)
    {
        writer.Line("/// <summary>Checks that each setting is in its range, then the rules over several.</summary>");
        writer.Line("/// <exception cref=\"global::Daso.UserErrorException\">A setting is not; the message names it.</exception>");
        writer.Open($"public {(model.OverridesValidate ? "override " : "")}void {KnownNames.Validate}()");
        if (model.CallsBaseValidate)
            writer.Line($"base.{KnownNames.Validate}();");
        foreach (SettingModel setting in model.Settings)
            EmitCheck(writer, model, setting);
        writer.Line("ValidateTogether();").Close().Line();
    }

    private static void EmitCheck(SourceWriter writer, SpecificationModel model, SettingModel setting)
    {
        string member = "this." + Literal.Identifier(setting.Name);
        if (setting.Kind is SettingKind.Part or SettingKind.AnyKind)
        {
            writer.Line($"{member}{(setting.IsNullable ? "?" : "")}.{KnownNames.Validate}();");
            return;
        }

        string value = setting.IsNullable ? Local(setting) : member;
        List<string> conditions = [];
        if (setting.Range.Pattern is { } pattern)
            conditions.Add($"{value} {pattern}");
        if (setting.Range.IsFinite)
            conditions.Add($"double.IsFinite({value})");
        if (setting.Kind == SettingKind.Choice)
            conditions.Add($"global::System.Enum.IsDefined({value})");
        if (conditions.Count == 0)
            return;

        string given = setting.IsNullable ? $"{member} is {{ }} {value} && " : "";
        writer.Line($"if ({given}!({string.Join(" && ", conditions)}))");
        string[] arguments =
        [
            Literal.Of(model.TypeName), Literal.Of(setting.Name), value, Literal.Of(setting.Range.Words), Literal.Of(setting.Meaning),
        ];
        writer.Line($"    throw {Library}SettingError.OutOfRange({string.Join(", ", arguments)});");
    }

    private static void EmitRead(SourceWriter writer, SpecificationModel model)
    {
        string type = "global::" + model.FullName;
        writer.Line($"/// <summary>Reads what <see cref=\"{KnownNames.Describe}\" /> wrote; nothing is checked but that it is there.</summary>");
        writer.Line("/// <exception cref=\"global::Daso.UserErrorException\">A setting is missing or not of its type.</exception>");
        SettingModel[] given = [.. model.Settings.Where(one => one.IsInHash && one.Parameter is not null)];
        SettingModel[] set = [.. model.Settings.Where(one => one.IsInHash && one.Parameter is null)];
        string arguments = string.Join(", ", given.Select(one => $"{Literal.Identifier(one.Parameter!)}: {Reading(one)}"));
        string head = $"public static {type} {KnownNames.Read}({Library}SpecificationReader reader) => new {type}({arguments})";
        if (set.Length == 0)
        {
            writer.Line(head + ";").Line();
            return;
        }

        writer.Open(head);
        foreach (SettingModel setting in set)
            writer.Line($"{Literal.Identifier(setting.Name)} = {Reading(setting)},");
        writer.Close("};").Line();
    }

    private static string Reading(SettingModel setting)
    {
        string name = Literal.Of(setting.JsonName);
        string value = setting.Kind switch
        {
            SettingKind.Choice => $"reader.Choice<{setting.Type}>({name})",
            SettingKind.Parsed => $"reader.Parsed<{setting.Type}>({name})",
            SettingKind.AnyKind => $"reader.Specification<{setting.Type}>({name})",
            SettingKind.Part => $"{setting.Type}.{KnownNames.Read}(reader.Part({name}))",
            _ => $"reader.{setting.Kind}({name})",
        };
        if (setting.NullAs is { } nullAs)
            return $"reader.{setting.Kind}({name}) is var {Local(setting)} && {Local(setting)} != {nullAs} ? {Local(setting)} : null";
        if (setting.OmittedWhen is { } omitted)
            return $"reader.Has({name}) ? {value} : {omitted}";
        return setting.IsDescribedNullable ? $"reader.Has({name}) ? {value} : null" : value;
    }

    private static string Local(SettingModel setting) => "given" + setting.Name;
}
