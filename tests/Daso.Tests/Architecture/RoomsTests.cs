using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Daso.Tests.Architecture;

/// <summary>The chart in docs/architecture.md is the code's: every room is in it, and uses no room that its arrows do not lead to.</summary>
public sealed partial class RoomsTests
{
    private const string Arrow = "──►";

    private static readonly string s_repository = Path.GetFullPath(Path.Combine(Here(), "../../../.."));

    [Fact]
    public void Every_room_is_in_the_chart_and_every_room_of_the_chart_exists()
    {
        string[] folders =
        [
            .. Assemblies().SelectMany(Directory.GetDirectories).Select(folder => Path.GetFileName(folder)!)
                .Where(name => name is not ("bin" or "obj" or "buildTransitive")).Order(StringComparer.Ordinal),
        ];

        Assert.Equal(folders, Chart().Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void No_arrow_leads_back()
    {
        Dictionary<string, string[]> chart = Chart();

        Assert.All(chart.Keys, room => Assert.DoesNotContain(room, chart[room].SelectMany(next => Reached(chart, next))));
    }

    [Fact]
    public void Rooms_use_what_their_arrows_lead_to()
    {
        Dictionary<string, string[]> chart = Chart();
        var broken = new List<string>();
        foreach (string file in Assemblies().SelectMany(Directory.GetDirectories).Where(folder => chart.ContainsKey(Path.GetFileName(folder)))
            .SelectMany(folder => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories)))
        {
            string room = Path.GetRelativePath(s_repository, file).Split(Path.DirectorySeparatorChar)[2];
            HashSet<string> allowed = Reached(chart, room);
            broken.AddRange(UsedRooms().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)
                .Where(used => chart.ContainsKey(used) && !allowed.Contains(used))
                .Select(used => $"{Path.GetRelativePath(s_repository, file)} uses {used}"));
        }

        Assert.Empty(broken);
    }

    /// <summary>A room with all that its arrows lead to, one after the other.</summary>
    private static HashSet<string> Reached(Dictionary<string, string[]> chart, string room)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        var next = new Stack<string>([room]);
        while (next.TryPop(out string? one))
        {
            if (!reached.Add(one))
                continue;
            foreach (string target in chart[one])
                next.Push(target);
        }

        return reached;
    }

    /// <summary>Rooms are the lines with six spaces; an arrow may stand on a line that follows.</summary>
    private static Dictionary<string, string[]> Chart()
    {
        var chart = new Dictionary<string, string[]>(StringComparer.Ordinal);
        string? room = null;
        foreach (string line in File.ReadLines(Path.Combine(s_repository, "docs", "architecture.md")).TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal)))
        {
            if (RoomLine().Match(line) is { Success: true } match)
                room = match.Groups[1].Value is var name and not "buildTransitive" ? name : null;
            else if (!line.StartsWith("                ", StringComparison.Ordinal))
                room = null;
            if (room is null)
                continue;
            int arrow = line.IndexOf(Arrow, StringComparison.Ordinal);
            string[] targets = arrow < 0 ? [] : line[(arrow + Arrow.Length)..].Split(',', StringSplitOptions.TrimEntries);
            chart[room] = [.. chart.GetValueOrDefault(room, []), .. targets];
        }

        return chart;
    }

    private static string[] Assemblies() => [Path.Combine(s_repository, "src", "Daso"), Path.Combine(s_repository, "src", "Laboratory")];

    private static string Here([CallerFilePath] string path = "") => path;

    [GeneratedRegex(@"^ {6}(\w+)/ ")]
    private static partial Regex RoomLine();

    [GeneratedRegex(@"\bDaso\.(\w+)(?=[.;])")]
    private static partial Regex UsedRooms();
}
