using Daso.Generators.Model;
using Daso.Generators.Parsing;

namespace Daso.Generators.Emitting;

/// <summary>The list of all experiments of a project.</summary>
internal static class RegistryEmitter
{
    private const string ListType = "global::System.Collections.Generic.IReadOnlyList<global::Daso.Experiments.ExperimentDefinition>";

    public static string Emit(RegistrySpec registry, string rootNamespace)
    {
        SourceWriter writer = GeneratedFile.Start(rootNamespace);
        writer.Line("/// <summary>The experiments of this project.</summary>");
        writer.Open("internal static class " + KnownNames.Registry);
        writer.Line("/// <summary>Ordered by suite, then by name.</summary>");
        string property = $"public static {ListType} Experiments {{ get; }} =";
        if (registry.Classes.Count == 0)
            writer.Line(property + " [];");
        else
            writer.List(property, registry.Classes.Select(name => $"global::{name}.Definition"), "];");
        return writer.Close().ToString();
    }
}
