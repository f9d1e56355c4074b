using System.ComponentModel;
using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Serialization;

namespace Daso.Recording;

/// <summary>The source that a program was built from.</summary>
/// <param name="Commit">Full hash; null: unknown.</param>
/// <param name="IsDirty">Whether files differed from the commit; null: unknown.</param>
public sealed record SourceRevision(string? Commit, bool? IsDirty)
{
    private static readonly TimeSpan s_gitLimit = TimeSpan.FromSeconds(10);

    /// <summary>Seven digits of the commit and "-dirty", or "nogit".</summary>
    [JsonIgnore]
    public string ShortName => Commit is null ? "nogit" : Commit[..Math.Min(7, Commit.Length)] + (IsDirty == true ? "-dirty" : "");

    /// <summary>Asks git in the current folder; where there is none, as beside a published program, takes what the build noted.</summary>
    public static SourceRevision Detect() => OfFolder(Environment.CurrentDirectory) ?? OfBuild(Assembly.GetEntryAssembly());

    /// <summary>What git says of a folder; null: no git, or not a work tree with a commit.</summary>
    public static SourceRevision? OfFolder(string folder) =>
        Git(folder, "rev-parse", "HEAD") is { Length: > 0 } commit && Git(folder, "status", "--porcelain") is string changes
            ? new SourceRevision(commit, changes.Length > 0)
            : null;

    /// <summary>The commit that the SDK puts after the version's plus sign: 0.1.0+2ac0f74….</summary>
    internal static SourceRevision OfBuild(Assembly? program)
    {
        string? version = program?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        int plus = version?.IndexOf('+', StringComparison.Ordinal) ?? -1;
        return new SourceRevision(plus < 0 ? null : version![(plus + 1)..], null);
    }

    /// <summary>What git prints; null if it is absent or fails.</summary>
    private static string? Git(string folder, params string[] arguments)
    {
        // Without optional locks, a look never disturbs a git command of the user's that runs meanwhile.
        var start = new ProcessStartInfo("git", ["--no-optional-locks", .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using Process git = Process.Start(start)!;
            Task<string> output = git.StandardOutput.ReadToEndAsync();
            git.ErrorDataReceived += (_, _) => { };
            git.BeginErrorReadLine();
            if (!git.WaitForExit(s_gitLimit))
            {
                git.Kill(entireProcessTree: true);
                return null;
            }

            return git.ExitCode == 0 ? output.GetAwaiter().GetResult().Trim() : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
