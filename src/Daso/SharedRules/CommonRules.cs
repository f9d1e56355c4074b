namespace Daso.SharedRules;

/// <summary>
/// The rules that guard twice: in the compiler, and at run time over what is known only then, which are values of sources and options, and
/// registries put together from several assemblies.
/// </summary>
internal static class CommonRules
{
    public static readonly RuleText InvalidName = new(
        "DASO005",
        "A name must be usable as a folder and as an option",
        "'{0}' can't name {1}; use lower-case letters and digits, with single dashes between them{2}");

    public static readonly RuleText DuplicateExperiment = new(
        "DASO006",
        "An experiment's name must be unique in its suite",
        "Suite '{0}' has another experiment called '{1}'{2}; rename one of them");

    public static readonly RuleText ParameterWithoutValues = new(
        "DASO013",
        "A parameter needs a value",
        "Parameter '{0}' has no values; give [{1}] at least one; only of a bool or an enum are all values known");

    public static readonly RuleText ParameterValue = new(
        "DASO014",
        "A parameter's values must be of its type",
        "{0} is not a value of {1}; write {2}");

    public static readonly RuleText DuplicateValue = new(
        "DASO015",
        "A parameter's values must differ",
        "{0} has the value {1} twice; remove one, or the same run is made twice");

    public static readonly RuleText DuplicateOption = new(
        "DASO016",
        "A parameter's option must be unique in its experiment",
        "Parameters '{0}' and '{1}' both have the option --{2}; set 'Option' on one of them");

    public static readonly RuleText OptionTaken = new(
        "DASO017",
        "A parameter's option must not be one of the command line's own",
        "Parameter '{0}' has the option --{1}, which every suite has already; set 'Option' to another name");

    public static readonly RuleText DuplicateSeed = new(
        "DASO019",
        "Seeds must differ",
        "Seed {0} is there twice; remove one, or the same run is made twice");

    public static readonly RuleText TooShort = new(
        "DASO020",
        "An experiment trains for at least one epoch or step",
        "{0} {1} are no training; write at least 1");

    public static readonly RuleText AlikeValues = new(
        "DASO039",
        "A parameter's values must differ in names",
        "{0} has the values '{1}' and '{2}', which are both '{3}' in names of folders; let them differ in letters, digits, '.' or '_'");

    public static readonly RuleText OptionTypes = new(
        "DASO040",
        "An option has one type in a suite",
        "Option --{0} is {1} in experiment '{2}' and {3} in '{4}' of the same suite; set 'Option' on one of the parameters");

    public static readonly RuleText LinkForm = new(
        "DASO024",
        "A link has a rate and a latency",
        "'{0}' is no link; write a rate in kbit, mbit or gbit and, after a comma, a latency in ns, us or ms, as in \"1gbit,50us\"");
}
