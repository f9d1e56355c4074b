using Daso.Generators.Diagnostics;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.Parsing;

/// <summary>One experiment class while it is parsed; lives no longer than that.</summary>
/// <param name="type">The class.</param>
/// <param name="experiment">Its [Experiment].</param>
/// <param name="compilation">The project.</param>
/// <param name="mistakes">Gets what is wrong.</param>
/// <param name="cancellation">Set when the user types on.</param>
internal sealed class ExperimentScope(
    INamedTypeSymbol type,
    AttributeData experiment,
    Compilation compilation,
    Mistakes mistakes,
    CancellationToken cancellation)
{
    public INamedTypeSymbol Type => type;

    public AttributeData Experiment => experiment;

    public Compilation Compilation => compilation;

    public Mistakes Mistakes => mistakes;

    public CancellationToken Cancellation => cancellation;

    /// <summary>The class's name in the declaration that carries [Experiment].</summary>
    public Location? ClassName
    {
        get
        {
            SyntaxNode? attribute = experiment.ApplicationSyntaxReference?.GetSyntax(cancellation);
            return attribute?.FirstAncestorOrSelf<TypeDeclarationSyntax>()?.Identifier.GetLocation();
        }
    }

    /// <summary>An attribute of the class; where the class has it twice the compiler complains, and the first counts.</summary>
    public AttributeData? Find(string attribute) => Attributes.Find(type, attribute);

    /// <summary>An attribute that the class must have; reports if it is not there.</summary>
    /// <param name="attribute">Its name.</param>
    /// <param name="mend">What to add.</param>
    public AttributeData? Require(string attribute, string mend)
    {
        AttributeData? found = Find(attribute);
        if (found is null)
            mistakes.Add(Rules.MissingAttribute, ClassName, type.Name, KnownNames.Short(attribute), mend);
        return found;
    }

    /// <summary>A text argument; null, and left to the compiler, if it is missing or no constant.</summary>
    public string? Text(AttributeData attribute, int index)
    {
        string? text = Attributes.Text(attribute, index);
        if (text is null)
            mistakes.LeaveToCompiler();
        return text;
    }
}
