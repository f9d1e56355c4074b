using System.ComponentModel;
using System.Diagnostics;
using Daso.Recording;

namespace Daso.Tests.Recording;

public class SourceRevisionTests
{
    [Fact]
    public void A_folder_outside_git_has_no_revision()
    {
        using var folder = new TemporaryFolder();
        Assert.Null(SourceRevision.OfFolder(folder.Path));
    }

    [Fact]
    public void A_change_makes_a_work_tree_dirty()
    {
        using var folder = new TemporaryFolder();
        Git(folder.Path, "init", "--quiet");
        Git(folder.Path, "-c", "user.name=T", "-c", "user.email=t@localhost", "commit", "--quiet", "--allow-empty", "-m", "empty");

        SourceRevision clean = SourceRevision.OfFolder(folder.Path)!;
        File.WriteAllText(Path.Combine(folder.Path, "new.cs"), "");
        SourceRevision dirty = SourceRevision.OfFolder(folder.Path)!;

        Assert.Matches("^[0-9a-f]{40}$", clean.Commit);
        Assert.Equal(clean.Commit![..7], clean.ShortName);
        Assert.Equal(clean with { IsDirty = true }, dirty);
        Assert.Equal(clean.ShortName + "-dirty", dirty.ShortName);
    }

    [Fact]
    public void A_program_without_a_noted_commit_has_no_revision() =>
        Assert.Equal("nogit", SourceRevision.OfBuild(null).ShortName);

    private static void Git(string folder, params string[] arguments)
    {
        try
        {
            using Process git = Process.Start(new ProcessStartInfo("git", arguments) { WorkingDirectory = folder })!;
            git.WaitForExit();
            Assert.Equal(0, git.ExitCode);
        }
        catch (Win32Exception)
        {
            Assert.Skip("git is not installed");
        }
    }
}
