using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Daso.CommandLine;

/// <summary>The help of the whole program: its commands by what they are for, a line each. Commands' own help is the parser's.</summary>
/// <param name="standard">The parser's.</param>
/// <param name="groups">Commands under a title, in order.</param>
internal sealed class GroupedHelp(SynchronousCommandLineAction standard, IReadOnlyList<(string Title, Command[] Commands)> groups) : SynchronousCommandLineAction
{
    /// <summary>Makes a command of commands in groups, with their help.</summary>
    internal static RootCommand Of(string description, params IReadOnlyList<(string Title, Command[] Commands)> groups)
    {
        var root = new RootCommand(description);
        foreach (Command command in groups.SelectMany(group => group.Commands))
            root.Add(command);
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new GroupedHelp((SynchronousCommandLineAction)help.Action!, groups);
        return root;
    }

    /// <summary>Help is shown whatever else is wrong, as the parser's is.</summary>
    public override bool ClearsParseErrors => true;

    /// <inheritdoc />
    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not RootCommand root)
            return standard.Invoke(parseResult);
        TextWriter output = parseResult.InvocationConfiguration.Output;
        int width = groups.SelectMany(group => group.Commands).Max(command => command.Name.Length) + 2;
        output.WriteLine(root.Description);
        foreach ((string title, Command[] commands) in groups)
        {
            output.WriteLine();
            output.WriteLine($"{title}:");
            foreach (Command command in commands)
                output.WriteLine($"  {command.Name.PadRight(width)}{command.Description}");
        }

        output.WriteLine();
        output.WriteLine("Of all commands:");
        foreach (Option option in root.Options)
            output.WriteLine($"  {option.Name}: {option.Description}");
        output.WriteLine();
        output.WriteLine("COMMAND --help shows a command's options, list NAME a suite's experiments.");
        return 0;
    }
}
