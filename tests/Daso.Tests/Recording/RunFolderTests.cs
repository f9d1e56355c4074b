using CsCheck;
using Daso.Recording;

namespace Daso.Tests.Recording;

public class RunFolderTests
{
    private static readonly SourceRevision s_source = new("2ac0f74d00d", true);

    [Fact]
    public void The_name_tells_when_what_and_from_which_source()
    {
        var id = new RunId(new DateTimeOffset(2025, 1, 31, 8, 15, 0, TimeSpan.Zero), "quickstart", s_source, "1f09ab");

        Assert.Equal("20250131T081500Z-quickstart-2ac0f74-dirty-1f09ab", id.ToString());
        Assert.Equal("20250131T081500Z-quickstart-nogit-1f09ab", (id with { Source = new SourceRevision(null, null) }).ToString());
        Assert.Matches("^[0-9]{8}T[0-9]{6}Z-quickstart-2ac0f74-dirty-[0-9a-f]{6}$", RunId.New("quickstart", s_source).ToString());
    }

    [Fact]
    public void A_new_folder_is_complete_and_leaves_nothing_beside_it()
    {
        using var output = new TemporaryFolder();
        string runs = Path.Combine(output.Path, "artifacts", "runs");

        RunFolder folder = RunFolder.Create(runs, RunId.New("quickstart", s_source));

        Assert.Equal([folder.Path], Directory.GetFileSystemEntries(runs));
        Assert.Equal(["events", "metrics", "timings"], Directory.GetDirectories(folder.Path).Select(Path.GetFileName).Order());
        Assert.Equal(Path.GetFileName(folder.Path), folder.RunId);
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_the_users_mistake_and_leaves_nothing()
    {
        using var output = new TemporaryFolder();
        string file = Path.Combine(output.Path, "taken");
        File.WriteAllText(file, "");

        UserErrorException error = Assert.Throws<UserErrorException>(
            () => RunFolder.Create(Path.Combine(file, "runs"), RunId.New("quickstart", s_source)));

        Assert.Equal(ExitCode.Environment, error.ExitCode);
        Assert.StartsWith($"--out {Path.Combine(file, "runs")}: ", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal([file], Directory.GetFileSystemEntries(output.Path));
    }

    [Fact]
    public void Parents_made_for_a_run_that_cannot_be_made_are_taken_back()
    {
        using var output = new TemporaryFolder();
        RunId tooLong = RunId.New("quickstart", s_source) with { Suffix = new string('f', 300) };

        Assert.Throws<UserErrorException>(() => RunFolder.Create(Path.Combine(output.Path, "artifacts", "runs"), tooLong));

        Assert.Empty(Directory.GetFileSystemEntries(output.Path));
    }

    [Fact]
    public void A_folder_without_a_run_cannot_be_opened()
    {
        using var output = new TemporaryFolder();
        UserErrorException error = Assert.Throws<UserErrorException>(() => RunFolder.Open(output.Path));
        Assert.Equal(ExitCode.Usage, error.ExitCode);
    }

    [Fact]
    public void File_names_of_two_cells_never_meet() =>
        Gen.Select(GenCell, GenCell).Sample((one, other) => (one == other) == (one.FileStem == other.FileStem));

    [Fact]
    public void File_names_are_plain_and_short() => GenCell.Sample(cell =>
        cell.FileStem.Length <= 220
        && cell.FileStem[0] != '.'
        && cell.FileStem.All(c => char.IsAsciiLetterOrDigit(c) || "-._=,%~+".Contains(c)));

    private static Gen<CellId> GenCell { get; } =
        from experiment in Gen.OneOf(Gen.String[1, 3], Gen.String[90, 140], Gen.OneOf("a", "a+b", "b", "../x", "."))
        from strategy in Gen.OneOf("a", "b+a", "b", "a%2Bb")
        from seed in Gen.Int[-1, 1]
        select new CellId(experiment, strategy, seed);
}
