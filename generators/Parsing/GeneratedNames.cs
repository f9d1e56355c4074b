using Daso.Generators.Emitting;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Diagnostics;

namespace Daso.Generators.Parsing;

/// <summary>Names that generated code needs for itself.</summary>
internal static class GeneratedNames
{
    /// <summary>The project's root namespace, as the build says it.</summary>
    public static string RootNamespaceOf(AnalyzerConfigOptions options, string? assembly) =>
        RootNamespace.From(options.TryGetValue("build_property.RootNamespace", out string? property) ? property : null, assembly);

    /// <summary>The user's own type that has the name of the registry; null where the name is free.</summary>
    /// <param name="compilation">The project.</param>
    /// <param name="rootNamespace">Its root namespace, keywords escaped.</param>
    public static INamedTypeSymbol? RegistryRival(Compilation compilation, string rootNamespace)
    {
        string prefix = rootNamespace.Length == 0 ? "" : rootNamespace.Replace("@", "") + ".";
        INamedTypeSymbol? found = compilation.Assembly.GetTypeByMetadataName(prefix + KnownNames.Registry);
        return found is not null && IsUsers(found) ? found : null;
    }

    /// <summary>Whether a symbol is declared somewhere else than in generated code.</summary>
    public static bool IsUsers(ISymbol symbol) => symbol.DeclaringSyntaxReferences.Any(reference => !IsOurs(reference.SyntaxTree));

    private static bool IsOurs(SyntaxTree tree) =>
        tree.FilePath.Replace('\\', '/').Contains($"/{typeof(ExperimentGenerator).Namespace}.");
}
