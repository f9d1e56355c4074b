namespace Daso.SharedRules;

/// <summary>How values of a parameter are written: the mend of a wrong one.</summary>
internal static class ValueForms
{
    public const string Integer = "a whole number";

    public const string Number = "a finite number";

    public const string Truth = "true or false";

    /// <summary>Of an enum.</summary>
    public static string OneOf(IEnumerable<string> names) => "one of " + string.Join(", ", names);
}
