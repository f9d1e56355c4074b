using System.Runtime.CompilerServices;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.Pipeline;

/// <summary>
/// A class that may be an experiment, with what its specification depends on. Equal to that of the last keystroke if its own file is the
/// same and nothing outside matters that has changed; then it is not parsed again, which would bind all of its attributes anew. The
/// compilation does not count, and is not kept: of an input that stays equal for long, an old one would stay in memory.
/// </summary>
/// <param name="declaration">The declaration; a tree that is edited gets new nodes.</param>
/// <param name="surroundings">What it can depend on outside of its file.</param>
/// <param name="compilation">The project; alive while the generator runs.</param>
internal sealed class ExperimentInput(
    TypeDeclarationSyntax declaration, Surroundings surroundings, WeakReference<Compilation> compilation) : IEquatable<ExperimentInput>
{
    public TypeDeclarationSyntax Declaration => declaration;

    public Compilation Compilation =>
        compilation.TryGetTarget(out Compilation? project) ? project : throw new InvalidOperationException("the compilation is gone");

    private Surroundings Surroundings => surroundings;

    public bool Equals(ExperimentInput? other) =>
        other is not null && ReferenceEquals(declaration, other.Declaration) && surroundings.Equals(other.Surroundings);

    public override bool Equals(object? obj) => Equals(obj as ExperimentInput);

    public override int GetHashCode() => RuntimeHelpers.GetHashCode(declaration);
}
