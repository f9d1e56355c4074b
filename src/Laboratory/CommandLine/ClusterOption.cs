using System.CommandLine;
using Daso.Cluster;

namespace Daso.CommandLine;

/// <summary>
/// <c>--cluster</c>: whether this process is a rank of a launcher's job. By default its environment tells; the shell of an interactive job
/// (srun -n 4 --pty bash) has the variables of a rank and is none.
/// </summary>
internal static class ClusterOption
{
    /// <summary>The option's name.</summary>
    internal const string Name = "--cluster";

    /// <summary>The value for ranks that are threads of this process.</summary>
    internal const string Embedded = "embedded";

    /// <summary>The value for a rank that a launcher has started.</summary>
    internal const string Mpi = "mpi";

    /// <summary>The option of a command that runs on a cluster.</summary>
    internal static Option<string> Create() => ChoiceOption.Of(
        Name,
        "embedded: all ranks in this process, also inside a job; mpi: this is a rank of mpiexec or srun; auto: as the environment says.",
        "auto",
        Embedded,
        Mpi);

    /// <summary>Whether a command line that is not parsed yet asks for ranks in this process.</summary>
    internal static bool IsEmbedded(IReadOnlyList<string> arguments) => Find(arguments)?.Value == Embedded;

    /// <summary>A command line without the option.</summary>
    internal static IEnumerable<string> Without(IReadOnlyList<string> arguments) => Find(arguments) is var (at, length, _)
        ? [.. arguments.Take(at), .. arguments.Skip(at + length)]
        : arguments;

    /// <summary>Whether a parsed command line asks for it.</summary>
    internal static bool IsEmbedded(ParseResult parsed) => parsed.GetValue<string>(Name) == Embedded;

    /// <summary>Who started this process as a rank; null: nobody, or the user says so.</summary>
    /// <exception cref="UserErrorException">The user says that it is a rank, and nothing in its environment does.</exception>
    internal static Launcher? FindLauncher(ParseResult parsed)
    {
        string kind = parsed.GetValue<string>(Name)!;
        if (kind == Embedded)
            return null;
        Launcher? launcher = Launcher.Detect(Environment.GetEnvironmentVariable, isCertain: kind == Mpi);
        return launcher is null && kind == Mpi
            ? throw new UserErrorException($"{Name} {Mpi}: no launcher's variables are set (such as PMI_RANK); start it with mpiexec or srun")
            : launcher;
    }

    /// <summary>Where the option stands among arguments, how many it takes, and its value; null: nowhere.</summary>
    private static (int At, int Length, string? Value)? Find(IReadOnlyList<string> arguments)
    {
        for (int i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == Name)
                return (i, 2, arguments.ElementAtOrDefault(i + 1));
            if (arguments[i].StartsWith(Name + "=", StringComparison.Ordinal) || arguments[i].StartsWith(Name + ":", StringComparison.Ordinal))
                return (i, 1, arguments[i][(Name.Length + 1)..]);
        }

        return null;
    }
}
