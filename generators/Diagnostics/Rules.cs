using Daso.SharedRules;
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

    public static readonly DiagnosticDescriptor InvalidName = Error(CommonRules.InvalidName);

    public static readonly DiagnosticDescriptor DuplicateExperiment =
        Error(CommonRules.DuplicateExperiment, WellKnownDiagnosticTags.CompilationEnd);

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

    public static readonly DiagnosticDescriptor ParameterWithoutValues = Error(CommonRules.ParameterWithoutValues);

    public static readonly DiagnosticDescriptor ParameterValue = Error(CommonRules.ParameterValue);

    public static readonly DiagnosticDescriptor DuplicateValue = Error(CommonRules.DuplicateValue);

    public static readonly DiagnosticDescriptor DuplicateOption = Error(CommonRules.DuplicateOption);

    public static readonly DiagnosticDescriptor OptionTaken = Error(CommonRules.OptionTaken);

    public static readonly DiagnosticDescriptor NoSeeds = Error(
        "DASO018",
        "An experiment needs a seed",
        "[Seeds] of '{0}' is empty; give it at least one, or remove it to run with seed 1");

    public static readonly DiagnosticDescriptor DuplicateSeed = Error(CommonRules.DuplicateSeed);

    public static readonly DiagnosticDescriptor TooShort = Error(CommonRules.TooShort);

    public static readonly DiagnosticDescriptor TargetBound = Error(
        "DASO021",
        "A target has one finite bound",
        "The target for '{0}' {1}; set exactly one of 'AtLeast' and 'AtMost', for shares to a number from 0 to 1, for a loss to one from 0 on");

    public static readonly DiagnosticDescriptor UnknownMetric = Error(
        "DASO022",
        "A metric must exist",
        "There is no metric '{0}'; write one of {1}");

    public static readonly DiagnosticDescriptor NotAnExperiment = Warning(
        "DASO023",
        "An attribute has no effect outside of an experiment",
        "[{0}] has no effect, because class '{1}' has no [Experiment]; add that or remove this");

    public static readonly DiagnosticDescriptor LinkForm = Error(CommonRules.LinkForm);

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
        "A tier sets epochs, steps or parameters",
        "Tier '{0}' changes nothing or counts below zero; set 'Epochs' or 'Steps' to at least 1, or a parameter by [TierParams(\"{0}\", …)]");

    public static readonly DiagnosticDescriptor DuplicateWord = Error(
        "DASO028",
        "Tiers and tags must differ",
        "Experiment class '{0}' has the {1} '{2}' twice; rename or remove one");

    public static readonly DiagnosticDescriptor ReferenceBounds = Error(
        "DASO029",
        "A reference has a value and bounds around it",
        "The reference for '{0}' of '{1}' on '{2}' {3}; write a value above 0 (of a share at most 1), 'Lower' at most 0 and above -1, and 'Upper' at least 0, as shares of it");

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

    public static readonly DiagnosticDescriptor EpochsAndSteps = Error(
        "DASO034",
        "An experiment's length is epochs or steps",
        "Experiment class '{0}' has both [Epochs] and [Steps]; remove one of them");

    public static readonly DiagnosticDescriptor TierWithoutParameter = Error(
        "DASO035",
        "Only a parameter has values in a tier",
        "Property '{0}' has [TierParams] and is no parameter; give it [Params] or [ParamsSource], too");

    public static readonly DiagnosticDescriptor NameTaken = Error(
        "DASO036",
        "A name that is generated must be free",
        "'{0}' has the name of {1}, which is generated; rename it");

    public static readonly DiagnosticDescriptor ObsoleteError = Error(
        "DASO037",
        "What generated code uses must not be an error to use",
        "[Obsolete] makes it an error to use '{0}', which generated code does; make that a warning, or name another member");

    public static readonly DiagnosticDescriptor LanguageVersion = Error(
        "DASO038",
        "Generated code needs a new enough C#",
        "Experiment class '{0}' is compiled as C# {1}; set 'LangVersion' to {2} or higher, or leave it out");

    public static readonly DiagnosticDescriptor AlikeValues = Error(CommonRules.AlikeValues);

    public static readonly DiagnosticDescriptor OptionTypes = Error(CommonRules.OptionTypes, WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor NothingToHold = Error(
        "DASO041",
        "A reference needs a figure to judge",
        "The reference for '{0}' of '{1}' on '{2}' has nothing to judge: {3}, or remove the reference");

    public static readonly DiagnosticDescriptor NotAPartialRecord = Error(
        "DASO042",
        "A specification must be a partial record",
        "Specification '{0}' is {1}; make it a top-level partial record that is neither generic nor abstract");

    public static readonly DiagnosticDescriptor NotFromSettings = Error(
        "DASO043",
        "A specification must be made from its settings alone",
        "Specification '{0}' {1}; make each setting a property with an init accessor, or a parameter of the record");

    public static readonly DiagnosticDescriptor SettingType = Error(
        "DASO044",
        "A setting must be of a type that can be described",
        "Setting '{0}' is of type '{1}'; make it an int, a long, a double, a bool, a string, an enum, an IParsable or a specification");

    public static readonly DiagnosticDescriptor SettingRange = Error(
        "DASO045",
        "A setting's attributes must fit its type",
        "Setting '{0}' {1}; give it attributes that fit its type");

    public static readonly DiagnosticDescriptor DuplicateJsonName = Error(
        "DASO046",
        "A setting's name in the JSON must be unique",
        "Setting '{0}' is called '{1}' in the JSON, as another one is; rename it, or set [JsonPropertyName]");

    public static readonly DiagnosticDescriptor NotInHash = Error(
        "DASO047",
        "What is left out of the hash has a reason and a default",
        "Setting '{0}' has [NotInHash] and {1}; say why it changes no result, and give it a default");

    public static readonly DiagnosticDescriptor DuplicateKind = Error(
        "DASO048",
        "A specification's kind must be unique",
        "Specification '{0}' {1}; write a kind that no other of its base record has",
        WellKnownDiagnosticTags.CompilationEnd);

    public static readonly DiagnosticDescriptor NotASpecification = Warning(
        "DASO049",
        "An attribute has no effect outside of a specification",
        "[{0}] has no effect, because '{1}' is no specification; add [Specification] or remove this");

    private static DiagnosticDescriptor Error(RuleText rule, params string[] tags) => Error(rule.Id, rule.Title, rule.Message, tags);

    private static DiagnosticDescriptor Error(string id, string title, string message, params string[] tags) =>
        new(id, title, message, "Daso", DiagnosticSeverity.Error, true, helpLinkUri: Pages + id + ".md", customTags: tags);

    private static DiagnosticDescriptor Warning(string id, string title, string message) =>
        new(id, title, message, "Daso", DiagnosticSeverity.Warning, true, helpLinkUri: Pages + id + ".md");
}
