using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>One setting while it is parsed; lives no longer than that.</summary>
/// <param name="owner">The specification, which may be derived from the record that declares the setting.</param>
/// <param name="setting">The property.</param>
/// <param name="parameter">The parameter of the primary constructor that sets it; null: none.</param>
/// <param name="compilation">The project.</param>
/// <param name="mistakes">Gets what is wrong.</param>
internal sealed class SettingScope(
    INamedTypeSymbol owner, IPropertySymbol setting, IParameterSymbol? parameter, Compilation compilation, Mistakes mistakes)
{
    public INamedTypeSymbol Owner => owner;

    public IPropertySymbol Setting => setting;

    public IParameterSymbol? Parameter => parameter;

    public Compilation Compilation => compilation;

    public Mistakes Mistakes => mistakes;

    /// <summary>An attribute of the property, or of the parameter that declares it.</summary>
    public AttributeData? Find(string attribute) =>
        Attributes.Find(setting, attribute) ?? (parameter is null ? null : Attributes.Find(parameter, attribute));

    /// <summary>Reports a mistake where the setting is written; at the specification, if that is another project.</summary>
    public void Wrong(DiagnosticDescriptor rule, params object[] arguments)
    {
        Location? place = setting.Locations.FirstOrDefault(location => location.IsInSource)
            ?? owner.Locations.FirstOrDefault(location => location.IsInSource);
        mistakes.Add(rule, place, arguments);
    }

    /// <summary>A type's name wherever it is written.</summary>
    public string NameOf(SettingType type) => type.Symbol.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat);
}
