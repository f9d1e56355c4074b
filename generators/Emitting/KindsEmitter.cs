using Daso.Generators.Model;
using Daso.Generators.Parsing;

namespace Daso.Generators.Emitting;

/// <summary>The list of all kinds of specifications of a project.</summary>
internal static class KindsEmitter
{
    private const string Kind = "global::Daso.Specification.SpecificationKind";

    public static string Emit(IReadOnlyList<KindModel> kinds, string rootNamespace)
    {
        SourceWriter writer = GeneratedFile.Start(rootNamespace);
        writer.Line("/// <summary>The specifications of this project that can be read back by their kind.</summary>");
        writer.Open("public static class " + KnownNames.Kinds);
        writer.Line("/// <summary>Ordered by the records' names.</summary>");
        writer.List(
            $"public static global::System.Collections.Generic.IReadOnlyList<{Kind}> All {{ get; }} =",
            kinds.Select(kind => $"new {Kind}({Literal.Of(kind.Name)}, typeof(global::{kind.Type}), global::{kind.Type}.{KnownNames.Read})"),
            "];");
        return writer.Close().ToString();
    }
}
