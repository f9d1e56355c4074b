using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Pipeline;

/// <summary>All that experiments can depend on outside of their own files: the declarations of all files, the references, the options.</summary>
/// <param name="Declarations">One text a file (<see cref="DeclarationText"/>).</param>
/// <param name="Project">References and options.</param>
internal sealed record Surroundings(EquatableArray<string> Declarations, EquatableArray<int> Project)
{
    private static readonly ConditionalWeakTable<MetadataReference, object> s_numbers = new();
    private static int s_lastNumber;

    /// <summary>References by a number each, since a reference in the model would keep a whole compilation in memory.</summary>
    public static EquatableArray<int> ProjectOf(Compilation compilation) => new(
    [
        (int)compilation.Options.NullableContextOptions,
        .. compilation.ExternalReferences.Select(reference => (int)s_numbers.GetValue(reference, _ => Interlocked.Increment(ref s_lastNumber))),
    ]);

    /// <inheritdoc cref="Surroundings" />
    public static Surroundings Of(ImmutableArray<string> declarations, EquatableArray<int> project) =>
        new(new EquatableArray<string>([.. declarations]), project);
}
