namespace Daso.CommandLine;

/// <summary>The home folder in paths, where no shell has put it: a shell reads <c>--out ~/runs</c> and passes <c>--out=~/runs</c> on.</summary>
internal static class HomeFolder
{
    /// <summary>Replaces a ~ that begins an argument, or the value behind an option's equals sign.</summary>
    internal static string[] Expand(IEnumerable<string> arguments)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return [.. arguments.Select(argument =>
        {
            int start = argument.StartsWith("--", StringComparison.Ordinal) ? argument.IndexOf('=', StringComparison.Ordinal) + 1 : 0;
            string value = argument[start..];
            return value == "~" || value.StartsWith("~/", StringComparison.Ordinal) ? argument[..start] + home + value[1..] : argument;
        })];
    }
}
