using System.Globalization;

namespace Daso.SharedRules;

/// <summary>A rule as the compiler and the running program both say it.</summary>
/// <param name="Id">The diagnostic's id.</param>
/// <param name="Title">The rule.</param>
/// <param name="Message">What is wrong and the mend, with {0}, {1}, … for particulars.</param>
internal sealed record RuleText(string Id, string Title, string Message)
{
    /// <summary>The message with its particulars.</summary>
    public string Say(params object[] particulars) => string.Format(CultureInfo.InvariantCulture, Message, particulars);
}
