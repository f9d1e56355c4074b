using System.Runtime.CompilerServices;
using System.Text;
using Daso.Generators.Parsing;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Daso.Generators.Pipeline;

/// <summary>
/// The text of a file on which an experiment in another file can depend: declarations without bodies. Of an experiment class itself
/// nobody else reads the attributes or those of its parameters, and nobody else can see its private members, unless a constant or a type
/// in it is part of what others see: an edit of those is an edit of that experiment alone.
/// </summary>
internal sealed class DeclarationText : CSharpSyntaxWalker
{
    private static readonly ConditionalWeakTable<SyntaxNode, string> s_known = new();

    private readonly StringBuilder _text = new();

    private DeclarationText()
        : base(SyntaxWalkerDepth.Token)
    {
    }

    /// <summary>Computed once for a tree, which never changes.</summary>
    /// <param name="root">The tree's root.</param>
    public static string Of(SyntaxNode root) => s_known.GetValue(root, static node =>
    {
        var walker = new DeclarationText();
        walker.Visit(node);
        return walker._text.Insert(0, node.SyntaxTree.FilePath + "\n").ToString();
    });

    public override void VisitToken(SyntaxToken token) => _text.Append(token.Text).Append(' ');

    public override void VisitBlock(BlockSyntax node)
    {
    }

    public override void VisitArrowExpressionClause(ArrowExpressionClauseSyntax node)
    {
    }

    public override void VisitGlobalStatement(GlobalStatementSyntax node)
    {
    }

    public override void VisitAttributeList(AttributeListSyntax node)
    {
        if (!IsExperiment(node.Parent))
            base.VisitAttributeList(node);
    }

    public override void VisitAttribute(AttributeSyntax node)
    {
        string written = LastName(node.Name);
        bool isOfParameter = KnownNames.PropertyAttributes.Any(name => written == name || written == KnownNames.Short(name));
        if (!isOfParameter || !IsExperiment(node.Parent?.Parent?.Parent))
            base.VisitAttribute(node);
    }

    public override void DefaultVisit(SyntaxNode node)
    {
        bool isOfExperiment = IsExperiment(node.Parent);
        if (isOfExperiment && node is MemberDeclarationSyntax member && IsPrivate(member))
            return;

        // The other parts of a class, whose doc comments may be its help texts.
        if (!isOfExperiment && !IsExperiment(node) && node is TypeDeclarationSyntax or PropertyDeclarationSyntax)
            _text.Append(node.GetLeadingTrivia().ToFullString());
        base.DefaultVisit(node);
    }

    private static bool IsExperiment(SyntaxNode? node) => node is TypeDeclarationSyntax type
        && type.AttributeLists.Any(list => list.Attributes.Any(attribute => LastName(attribute.Name) is "Experiment" or KnownNames.Experiment));

    private static string LastName(NameSyntax name) => name switch
    {
        QualifiedNameSyntax qualified => qualified.Right.Identifier.ValueText,
        AliasQualifiedNameSyntax aliased => aliased.Name.Identifier.ValueText,
        SimpleNameSyntax simple => simple.Identifier.ValueText,
        _ => "",
    };

    private static bool IsPrivate(MemberDeclarationSyntax member) =>
        member is not BaseTypeDeclarationSyntax and not DelegateDeclarationSyntax
        && !member.Modifiers.Any(modifier => modifier.Kind()
            is SyntaxKind.PublicKeyword or SyntaxKind.InternalKeyword or SyntaxKind.ProtectedKeyword or SyntaxKind.ConstKeyword);
}
