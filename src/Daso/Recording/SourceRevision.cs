using System.Reflection;
using System.Text.Json.Serialization;

namespace Daso.Recording;

/// <summary>The source that a program was built from.</summary>
/// <param name="Commit">Full hash; null: unknown.</param>
/// <param name="IsDirty">Whether files differed from the commit when it was built; null: unknown.</param>
internal sealed record SourceRevision(string? Commit, bool? IsDirty)
{
    private const string CommitStamp = "DasoSourceCommit";
    private const string ChangedStamp = "DasoSourceChanged";

    /// <summary>Seven digits of the commit and "-dirty", or "nogit".</summary>
    [JsonIgnore]
    public string ShortName => Commit is null ? "nogit" : Commit[..Math.Min(7, Commit.Length)] + (IsDirty == true ? "-dirty" : "");

    /// <summary>This program's. The current folder, and the state of the checkout since the build, have no say.</summary>
    public static SourceRevision Detect() => OfBuild(Assembly.GetEntryAssembly());

    /// <summary>
    /// What the build has stamped a program with (buildTransitive/Daso.targets), else the commit that the SDK puts after the version's
    /// plus sign: 0.1.0+2ac0f74….
    /// </summary>
    internal static SourceRevision OfBuild(Assembly? program)
    {
        ILookup<string, string?> stamps = (program?.GetCustomAttributes<AssemblyMetadataAttribute>() ?? [])
            .ToLookup(stamp => stamp.Key, stamp => stamp.Value);
        if (stamps[CommitStamp].FirstOrDefault() is { Length: > 0 } commit)
            return new SourceRevision(commit, bool.TryParse(stamps[ChangedStamp].FirstOrDefault(), out bool isDirty) ? isDirty : null);
        string? version = program?.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        int plus = version?.IndexOf('+', StringComparison.Ordinal) ?? -1;
        return new SourceRevision(plus < 0 ? null : version![(plus + 1)..], null);
    }
}
