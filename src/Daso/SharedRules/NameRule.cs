namespace Daso.SharedRules;

/// <summary>The rule for names that become folders, options and table rows.</summary>
internal static class NameRule
{
    /// <summary>Lower-case ASCII letters and digits, with single dashes between them.</summary>
    public static bool IsValid(string name)
    {
        bool letterBefore = false;
        foreach (char c in name)
        {
            bool letter = c is >= 'a' and <= 'z' or >= '0' and <= '9';
            if (!letter && (c != '-' || !letterBefore))
                return false;
            letterBefore = letter;
        }

        return letterBefore;
    }
}
