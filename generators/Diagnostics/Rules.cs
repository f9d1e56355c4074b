using Microsoft.CodeAnalysis;

namespace Daso.Generators.Diagnostics;

/// <summary>Every mistake that the compiler tells a user about; each has a page in docs/diagnostics.</summary>
internal static class Rules
{
    private const string Pages = "https://github.com/daso-benchmarks/daso/blob/main/docs/diagnostics/";

    public static readonly DiagnosticDescriptor NotPartial = Error(
        "DASO001",
        "An experiment class must be partial",
        "Experiment class '{0}' is not partial; add 'partial' so that its definition can be generated into it");

    public static readonly DiagnosticDescriptor WrongKindOfClass = Error(
        "DASO002",
        "An experiment class must be top-level and concrete",
        "Experiment class '{0}' is {1}; make it a top-level class that is not generic, abstract, static or local to its file");

    public static readonly DiagnosticDescriptor NotConstructible = Error(
        "DASO003",
        "An experiment must be made from its parameters alone",
        "Experiment class '{0}' {1}; 'new {0}()' with its [Params] properties set has to be enough");

    public static readonly DiagnosticDescriptor MissingAttribute = Error(
        "DASO004",
        "An experiment lacks one of its parts",
        "Experiment class '{0}' has no [{1}]; add {2}");

    public static readonly DiagnosticDescriptor InvalidName = Error(
        "DASO005",
        "A name must be usable as a folder and as an option",
        "'{0}' can't name {1}; use lower-case letters and digits, with single dashes between them{2}");

    public static readonly DiagnosticDescriptor DuplicateExperiment = Error(
        "DASO006",
        "An experiment's name must be unique in its suite",
        "Suite '{0}' has another experiment called '{1}', class '{2}'; rename one of them",
        WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor MemberNotFound = Error(
        "DASO007",
        "A named member must exist",
        "'{0}' has no property and no parameterless method '{1}'; add it or name another with nameof");

    public static readonly DiagnosticDescriptor MemberOfWrongType = Error(
        "DASO008",
        "A named member must return a specification",
        "'{0}' is of type '{1}'; make it a '{2}' or a type derived from it that can't be null");

    public static readonly DiagnosticDescriptor NotOneBaseline = Error(
        "DASO009",
        "Exactly one strategy must be the baseline",
        "Experiment class '{0}' has {1} baselines; set 'Baseline = true' on exactly one [Strategy]");

    public static readonly DiagnosticDescriptor DuplicateStrategy = Error(
        "DASO010",
        "A strategy's name must be unique in its experiment",
        "Another strategy of '{0}' is called '{1}'; rename one of them");

    public static readonly DiagnosticDescriptor ParameterType = Error(
        "DASO011",
        "A parameter must be of a type that an option can give",
        "Parameter '{0}' is of type '{1}'; make it an int, a double, a string, a bool or an enum that can't be null");

    public static readonly DiagnosticDescriptor ParameterNotSettable = Error(
        "DASO012",
        "A parameter must be settable",
        "Parameter '{0}' can't be set; make it an instance property with a set or init accessor");

    public static readonly DiagnosticDescriptor ParameterWithoutValues = Error(
        "DASO013",
        "A parameter needs a value",
        "Parameter '{0}' has no values; give [Params] at least one; only of a bool or an enum are all values known");

    public static readonly DiagnosticDescriptor ParameterValue = Error(
        "DASO014",
        "A parameter's values must be of its type",
        "{0} is not a value of parameter '{1}'; write {2}");

    public static readonly DiagnosticDescriptor DuplicateValue = Error(
        "DASO015",
        "A parameter's values must differ",
        "Parameter '{0}' has the value {1} twice; remove one, or the same run is made twice");

    public static readonly DiagnosticDescriptor DuplicateOption = Error(
        "DASO016",
        "A parameter's option must be unique in its experiment",
        "Parameters '{0}' and '{1}' both have the option --{2}; set 'Option' on one of them");

    public static readonly DiagnosticDescriptor OptionTaken = Error(
        "DASO017",
        "A parameter's option must not be one of the command line's own",
        "Parameter '{0}' has the option --{1}, which every suite has already; set 'Option' to another name");

    public static readonly DiagnosticDescriptor NoSeeds = Error(
        "DASO018",
        "An experiment needs a seed",
        "[Seeds] of '{0}' is empty; give it at least one, or remove it to run with seed 1");

    public static readonly DiagnosticDescriptor DuplicateSeed = Error(
        "DASO019",
        "Seeds must differ",
        "Seed {0} is there twice; remove one, or the same run is made twice");

    public static readonly DiagnosticDescriptor TooFewEpochs = Error(
        "DASO020",
        "An experiment trains for at least one epoch",
        "{0} epochs are no training; write at least 1");

    public static readonly DiagnosticDescriptor TargetBound = Error(
        "DASO021",
        "A target has one finite bound",
        "The target for '{0}' {1}; set exactly one of 'AtLeast' and 'AtMost' to a finite number");

    public static readonly DiagnosticDescriptor UnknownMetric = Error(
        "DASO022",
        "A metric must exist",
        "There is no metric '{0}'; write one of {1}");

    public static readonly DiagnosticDescriptor NotAnExperiment = new(
        "DASO023",
        "An attribute has no effect outside of an experiment",
        "[{0}] has no effect, because class '{1}' has no [Experiment]; add that or remove this",
        "Daso",
        DiagnosticSeverity.Warning,
        isEnabledByDefault: true,
        helpLinkUri: Pages + "DASO023.md");

    public static readonly DiagnosticDescriptor LinkForm = Error(
        "DASO024",
        "A link has a rate and a latency",
        "'{0}' is no link; write a rate in kbit, mbit or gbit and, after a comma, a latency in ns, us or ms, as in \"1gbit,50us\"");

    public static readonly DiagnosticDescriptor ParameterSource = Error(
        "DASO025",
        "A parameter's source must be a static sequence of its type",
        "'{0}' can't give the values of parameter '{1}'; make it a static property or parameterless method of type 'IEnumerable<{2}>'");

    public static readonly DiagnosticDescriptor TwoSources = Error(
        "DASO026",
        "A parameter has one list of values",
        "Parameter '{0}' has both [Params] and [ParamsSource]; remove one of them");

    public static readonly DiagnosticDescriptor EmptyTier = Error(
        "DASO027",
        "A tier sets epochs or steps",
        "Tier '{0}' changes nothing or counts below zero; set 'Epochs' or 'Steps' to at least 1");

    public static readonly DiagnosticDescriptor DuplicateWord = Error(
        "DASO028",
        "Tiers and tags must differ",
        "Experiment class '{0}' has the {1} '{2}' twice; rename or remove one");

    public static readonly DiagnosticDescriptor ReferenceBounds = Error(
        "DASO029",
        "A reference has a value and bounds around it",
        "The reference for '{0}' of '{1}' on '{2}' {3}; write a value above 0, 'Lower' as a share of it down to -1 and 'Upper' as one from 0 up");

    public static readonly DiagnosticDescriptor UnknownStrategy = Error(
        "DASO030",
        "A reference's strategy must exist",
        "Experiment class '{0}' has no strategy '{1}'; write one of {2}");

    public static readonly DiagnosticDescriptor DuplicateReference = Error(
        "DASO031",
        "A figure has one reference on a system",
        "Experiment class '{0}' has a reference for '{1}' of '{2}' on '{3}' already; remove one of them");

    public static readonly DiagnosticDescriptor ReferenceUnit = Error(
        "DASO032",
        "A reference's unit must fit its metric",
        "'{0}' is no unit of '{1}'; set 'Unit' to one of {2}");

    public static readonly DiagnosticDescriptor UnknownTier = Error(
        "DASO033",
        "A named tier must exist",
        "Experiment class '{0}' has no tier '{1}'; {2}");

    private static DiagnosticDescriptor Error(string id, string title, string message, params string[] tags) =>
        new(id, title, message, "Daso", DiagnosticSeverity.Error, true, helpLinkUri: Pages + id + ".md", customTags: tags);
}
