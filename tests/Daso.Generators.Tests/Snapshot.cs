using Snapshooter.Xunit3;

namespace Daso.Generators.Tests;

/// <summary>
/// A text beside the one that is committed under <c>__snapshots__</c>. The only file that knows the library for it: another one is a change
/// of this line.
/// </summary>
internal static class Snapshot
{
    /// <summary>Fails if the text is not that of the file; a file that is missing is written, on a machine of a person.</summary>
    public static void Match(string text, string name) => text.MatchSnapshot(name);
}
