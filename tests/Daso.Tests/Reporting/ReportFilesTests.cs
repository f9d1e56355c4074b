using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using CsCheck;
using Daso.Analysis;
using Daso.Recording;
using Daso.Reporting;
using Daso.Tests.CommandLine;
using Daso.Tests.Recording;

namespace Daso.Tests.Reporting;

public sealed class ReportFilesTests : IDisposable
{
    private readonly TemporaryFolder _output = new();
    private readonly ReportExample _run = new();

    private string Target => Path.Combine(_output.Path, "report");

    public void Dispose()
    {
        _run.Dispose();
        _output.Dispose();
    }

    [Fact]
    public async Task Efficiency_is_a_ranks_rate_over_that_of_the_base()
    {
        using var one = new ReportExample(nodes: 1);
        AppRun run = await Report(_run.Folder.Path, "--out", Target, "--scaling-base", one.Folder.Path);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        string text = File.ReadAllText(Path.Combine(Target, "report.md"));
        Assert.Contains(" Efficiency |", text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(" 100.0 % |").Length - 1);
        Assert.Contains($"Efficiency is over the rate of {one.Manifest.RunId}, 1 × 2 ranks.", text, StringComparison.Ordinal);

        using var other = new ReportExample(name: "another");
        AppRun refused = await Report(_run.Folder.Path, "--out", Target, "--scaling-base", other.Folder.Path);
        Assert.Equal(2, refused.ExitCode);
        Assert.StartsWith("error: --scaling-base ", refused.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_is_well_formed_and_needs_nothing_else()
    {
        AppRun run = await Report(_run.Folder.Path, "--out", Target);
        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(Path.Combine(Target, "report.html"), run.Output.Trim());
        XElement page = Page();
        Assert.DoesNotContain(page.Descendants(), element => element.Name.LocalName is "script" or "link" or "img" or "image");
        Assert.DoesNotContain(
            page.DescendantsAndSelf().Attributes(), attribute => !attribute.IsNamespaceDeclaration && attribute.Value.Contains("://"));
        string[] ids = [.. page.Descendants().Attributes("id").Select(id => id.Value)];
        Assert.Equal(ids.Distinct(), ids);
        string[] clips = [.. page.Descendants().Attributes("clip-path").Select(clip => clip.Value[5..^1])];
        Assert.NotEmpty(clips);
        Assert.Empty(clips.Except(ids));
        Assert.Equal(7, page.Descendants("figure").Count());
        Assert.All(page.Descendants("figure"), figure => Assert.Contains(figure.Descendants(), e => e.Name.LocalName == "text"));
    }

    [Fact]
    public void Missing_trainings_are_told_before_the_table()
    {
        RunSummary summary = RunSummary.Read(_run.Folder.Path);
        CellId lost = summary.Experiments[0].Plan.Cells().Last();
        var cut = new RecordedRun(_run.Folder, _run.Manifest, summary with { Incomplete = [new IncompleteCell(lost, "cancelled")] });
        string text = MarkdownReport.Write(Daso.Reporting.Report.Of([cut]), figure => figure.Id);
        int warning = text.IndexOf("INCOMPLETE: 1 of 4 trainings are missing: ", StringComparison.Ordinal);
        Assert.InRange(warning, 1, text.IndexOf("| Strategy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task No_text_of_a_plot_is_cut_off()
    {
        await Report(_run.Folder.Path, "--out", Target);
        Assert.All(Page().Descendants("figure"), figure =>
        {
            XElement svg = figure.Descendants().First(element => element.Name.LocalName == "svg");
            double width = Number(svg.Attribute("viewBox")!.Value.Split(' ')[2]);
            Assert.All(svg.Descendants().Where(element => element.Name.LocalName == "text"), text =>
            {
                Match at = Regex.Match(text.Attribute("transform")?.Value ?? "", @"^translate\((\S+) (\S+)\)$");
                if (at.Success)
                    Assert.InRange(Number(at.Groups[1].Value) + Number(text.Attribute("x")?.Value ?? "0") + Number(text.Attribute("textLength")!.Value), 0, width);
            });
        });

        static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [Fact]
    public async Task Table_and_box_say_what_summary_and_manifest_say()
    {
        await Report(_run.Folder.Path, "--out", Target);
        XElement page = Page();
        XElement row = page.Descendants("tr").Single(row => row.Element("th")?.Value == "daso");
        PairedRatio ratio = RunSummary.Read(_run.Folder.Path).Experiments[0].Strategies[1].Ratio!;
        Assert.StartsWith(ratio.Estimate.ToString("F3", CultureInfo.InvariantCulture), row.Elements("td").ElementAt(6).Value);
        Assert.Equal(ratio.Verdict.ToString().ToLowerInvariant(), row.Elements("td").ElementAt(7).Value);
        Assert.Contains("0.61", row.Elements("td").ElementAt(5).Value, StringComparison.Ordinal);
        // Of a step the network takes 30 %; even ranks wait as much as another tenth for odd ones.
        Assert.Equal("35 % (0 + 30 + 5)", row.Elements("td").Last().Value);
        string[] facts = [.. page.Descendants("dd").Select(fact => fact.Value)];
        Assert.Contains("2ac0f74d00d, with changes that are not committed", facts);
        Assert.Contains($"SHA-256 {_run.Manifest.SpecificationHash}", facts);
        Assert.Contains("suite quickstart", facts);
        Assert.Contains("link 1 Gbit/s, 50.0 µs", facts);
        string markdown = File.ReadAllText(Path.Combine(Target, "report.md"));
        Assert.Contains(@"digits\_100% \<&\>", markdown, StringComparison.Ordinal);
        foreach (Match figure in Regex.Matches(markdown, @"\]\((?<file>[^)]+)\)"))
            XElement.Load(Path.Combine(Target, figure.Groups["file"].Value));
    }

    [Fact]
    public async Task A_strategy_that_did_less_work_is_said_to_have()
    {
        using var run = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), SyntheticRun.Plan("ddp", "daso") with { Seeds = [1] });
        run.RecordEven(new CellId("resnet-digits", "ddp", 1), 100, 0, 0.5, 0.95);
        run.RecordEven(new CellId("resnet-digits", "daso", 1), 50, 0, 0.95);
        await Report(run.Folder.Path, "--out", Target);
        string warning = "daso did less work, so that its times do not compare: 3 steps with seed 1, the baseline 6";
        Assert.Equal(warning, Page().Descendants("strong").Single().Value);
        Assert.Contains($"**{warning}**", File.ReadAllText(Path.Combine(Target, "report.md")), StringComparison.Ordinal);
        Assert.Contains("did less work &", File.ReadAllText(Path.Combine(Target, "table.tex")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_holds_the_summary_in_full()
    {
        await Report(_run.Folder.Path, "--out", Target);
        List<Dictionary<string, string>> lines = Csv("summary.csv");
        CellSummary[] cells = [.. RunSummary.Read(_run.Folder.Path).Experiments[0].Strategies.SelectMany(strategy => strategy.Cells)];
        Assert.Equal(4, lines.Count);
        foreach ((Dictionary<string, string> line, CellSummary cell) in lines.Zip(cells))
        {
            Assert.Equal(_run.Manifest.Experiments[0].Name, line["experiment"]);
            Assert.Equal(cell.TrainingNs, long.Parse(line["training_ns"], CultureInfo.InvariantCulture));
            Assert.Equal(cell.ItemsPerSecond, double.Parse(line["items_per_second"], CultureInfo.InvariantCulture));
            Assert.Equal(
                ReportExample.StepNs(line["strategy"], cell.Seed), double.Parse(line["step_median_ns"], CultureInfo.InvariantCulture));
            Assert.Equal("0.95", line["final_quality"][..4]);
        }

        List<Dictionary<string, string>> curves = Csv("curves.csv");
        Assert.Equal(4 * 2 * 3, curves.Count);
        Dictionary<string, string> last = curves.Last(line => line["strategy"] == "ddp" && line["metric"] == "train_loss");
        Assert.Equal(("1", "1", (12 * ReportExample.StepNs("ddp", 2)).ToString(CultureInfo.InvariantCulture)),
            (last["epoch"], last["value"], last["training_ns"]));
    }

    [Fact]
    public async Task Latex_is_balanced_and_escaped()
    {
        await Report(_run.Folder.Path, "--out", Target);
        string tex = File.ReadAllText(Path.Combine(Target, "table.tex"));
        string[] lines = [.. tex.Split('\n').Where(line => !line.StartsWith('%'))];
        string body = string.Join('\n', lines);
        Assert.Contains(@"digits\_100\% $<$\&$>$", body, StringComparison.Ordinal);
        Assert.All(["table", "tabular"], environment => Assert.Equal(
            Regex.Count(body, $@"\\begin{{{environment}}}"), Regex.Count(body, $@"\\end{{{environment}}}")));
        string columns = Regex.Match(body, @"\\begin\{tabular\}\{(?<columns>[lr]+)\}").Groups["columns"].Value;
        Assert.All(lines.Where(line => line.EndsWith(@" \\", StringComparison.Ordinal)), line =>
            Assert.Equal(columns.Length, Regex.Count(line, @"(?<!\\)&") + 1));
        Assert.All(body, c => Assert.True(char.IsAscii(c), $"{c} is not ASCII"));
    }

    /// <summary>No character that LaTeX takes for a command is left bare.</summary>
    [Fact]
    public void Latex_escapes_every_special_character() => Gen.String[Gen.Char["ab\\{}$&%#_^~<> "], 0, 20].Sample(text =>
    {
        string escaped = LatexTables.Escape(text);
        string rest = escaped
            .Replace(@"\textbackslash{}", "").Replace(@"\textasciicircum{}", "").Replace(@"\textasciitilde{}", "")
            .Replace("$<$", "").Replace("$>$", "");
        rest = Regex.Replace(rest, @"\\[{}$&%#_]", "");
        Assert.DoesNotContain(rest, c => "\\{}$&%#_^~".Contains(c));
    });

    [Fact]
    public async Task Runs_of_different_specifications_are_said_to_be()
    {
        const string note = "The runs have different specifications of resnet-digits: ";
        using ReportExample first = Trained(epochs: 2), same = Trained(epochs: 2), other = Trained(epochs: 3);

        await Report(first.Folder.Path, same.Folder.Path, "--out", Target);
        Assert.DoesNotContain(note, Page().Value, StringComparison.Ordinal);
        await Report(first.Folder.Path, other.Folder.Path, "--out", Target);
        Assert.Contains(note, Page().Value, StringComparison.Ordinal);

        static ReportExample Trained(int epochs)
        {
            var run = new ReportExample(name: "resnet-digits");
            (run.Manifest with { Specification = new JsonObject { ["resnet-digits"] = new JsonObject { ["epochs"] = epochs } } }).Write(run.Folder);
            return run;
        }
    }

    [Fact]
    public async Task Runs_that_differ_in_link_or_nodes_alone_give_the_plots_across_them()
    {
        using var slower = new ReportExample(bitsPerSecond: 1e8);
        using var larger = new ReportExample(nodes: 4);
        await Report(_run.Folder.Path, slower.Folder.Path, larger.Folder.Path, "--out", Target);
        string[] figures = [.. Page().Descendants("figure").Attributes("id").Select(id => id.Value)];
        Assert.Equal(
            ["speedup-over-link-1", "speedup-over-nodes-1"], figures.Where(id => id.StartsWith("speedup", StringComparison.Ordinal)));
        Assert.DoesNotContain("left out", Page().Value, StringComparison.Ordinal);

        await Report(_run.Folder.Path, "--out", Target);
        Assert.Equal(2, Regex.Count(Page().Value, "is left out: it needs two runs"));
        Assert.Equal(7, Directory.GetFiles(Path.Combine(Target, "figures")).Length);
    }

    [Fact]
    public async Task Mlperf_lines_are_json_in_order_with_the_keys_of_a_run()
    {
        await Report(_run.Folder.Path, "--out", Target, "--mlperf-log");
        string[] files = Directory.GetFiles(Path.Combine(Target, "mlperf", _run.Manifest.RunId));
        Assert.Equal(4, files.Length);
        string log = files.Single(file => file.EndsWith("+daso+2.log", StringComparison.Ordinal));
        JsonElement[] lines = [.. File.ReadLines(log).Select(line =>
        {
            Assert.StartsWith(":::MLLOG ", line, StringComparison.Ordinal);
            return JsonSerializer.Deserialize<JsonElement>(line[9..]);
        })];
        string[] keys = [.. lines.Select(line => line.GetProperty("key").GetString()!)];
        Assert.Equal(
            [
                "init_start", "init_stop", "run_start", "epoch_start", "epoch_stop", "eval_start", "eval_accuracy", "eval_stop",
                "epoch_start", "epoch_stop", "eval_start", "eval_accuracy", "eval_stop", "run_stop",
            ],
            keys.SkipWhile(key => key != "init_start"));
        Assert.Equal(2, lines.Single(line => line.GetProperty("key").ValueEquals("seed")).GetProperty("value").GetInt32());
        Assert.Equal("success", lines[^1].GetProperty("metadata").GetProperty("status").GetString());
        Assert.Equal("INTERVAL_END", lines[^1].GetProperty("event_type").GetString());
        long[] epochs = [.. lines.Where(line => line.GetProperty("key").GetString() is "epoch_start" or "epoch_stop")
            .Select(line => line.GetProperty("time_ms").GetInt64())];
        Assert.Equal(6 * ReportExample.StepNs("daso", 2) / 1e6, epochs[1] - epochs[0], 1.0);
    }

    [Fact]
    public async Task Mlperf_lines_have_what_the_checker_of_mlcommons_asks_of_every_log()
    {
        await Report(_run.Folder.Path, "--out", Target, "--mlperf-log");
        string[] keys = ["submission_org", "submission_platform", "submission_division", "cache_clear", "train_samples", "eval_samples"];
        foreach (string log in Directory.GetFiles(Path.Combine(Target, "mlperf", _run.Manifest.RunId)))
        {
            ILookup<string, JsonElement> lines = File.ReadLines(log).Select(line => JsonSerializer.Deserialize<JsonElement>(line[9..]))
                .ToLookup(line => line.GetProperty("key").GetString()!, line => line.GetProperty("value"));
            Assert.All(keys, key => Assert.NotEqual("", Assert.Single(lines[key]).ToString()));
            Assert.Equal((96, 40), (lines["train_samples"].Single().GetInt32(), lines["eval_samples"].Single().GetInt32()));
        }
    }

    [Fact]
    public async Task A_clock_that_is_set_back_in_a_training_does_not_move_its_mlperf_log()
    {
        await Report(_run.Folder.Path, "--out", Target, "--mlperf-log");
        Dictionary<string, string> before = Logs();
        string[] events = File.ReadAllLines(_run.Folder.Events);
        File.WriteAllLines(_run.Folder.Events, events.Select(line => line.Contains("cell_ended", StringComparison.Ordinal)
            ? Regex.Replace(line, "\"utc\":\"[^\"]*\"", "\"utc\":\"2001-01-01T00:00:00.0000000Z\"")
            : line));
        await Report(_run.Folder.Path, "--out", Target, "--mlperf-log");
        Assert.Equal(before, Logs());

        Dictionary<string, string> Logs() => Directory.GetFiles(Path.Combine(Target, "mlperf", _run.Manifest.RunId))
            .ToDictionary(file => Path.GetFileName(file), File.ReadAllText);
    }

    [Fact]
    public async Task What_cannot_be_reported_is_one_clear_line()
    {
        await AssertMistake("no manifest.json; name the folder of a run", Path.Combine(_output.Path, "missing"));
        await AssertMistake("say with --out", _run.Folder.Path, _run.Folder.Path);
        File.WriteAllText(Path.Combine(_output.Path, "thesis.txt"), "");
        await AssertMistake("holds other files and no report", _run.Folder.Path, "--out", _output.Path);
        await AssertMistake("is a file", _run.Folder.Path, "--out", Path.Combine(_output.Path, "thesis.txt"));
        Assert.Equal("thesis.txt", Path.GetFileName(Assert.Single(Directory.GetFileSystemEntries(_output.Path))));

        using var empty = new SyntheticRun(new RecordedCluster(1, 1, "cpu"), SyntheticRun.Plan("ddp"));
        await AssertMistake("no training of it is complete (not started)", empty.Folder.Path);
        File.WriteAllText(_run.Folder.Timings(_run.Manifest.Experiments[0].Cells().First(), 0), "damage");
        await AssertMistake("cannot be read", _run.Folder.Path);
        File.WriteAllText(_run.Folder.Manifest, "{");
        await AssertMistake("damaged", _run.Folder.Path);
    }

    private static Task<AppRun> Report(params string[] arguments) => AppRun.Of(["report", .. arguments]);

    private static async Task AssertMistake(string message, params string[] arguments)
    {
        AppRun run = await Report(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(message, run.Error, StringComparison.Ordinal);
        Assert.Equal(1, run.Error.Count(c => c == '\n'));
    }

    private XElement Page() => XDocument.Load(Path.Combine(Target, "report.html")).Root!;

    /// <summary>A CSV file without line breaks inside of fields.</summary>
    private List<Dictionary<string, string>> Csv(string name)
    {
        string[][] lines = [.. File.ReadAllText(Path.Combine(Target, name)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => Regex.Matches(line, "(?:^|,)(?:\"(?<text>(?:[^\"]|\"\")*)\"|(?<text>[^,]*))")
                .Select(field => field.Groups["text"].Value.Replace("\"\"", "\"")).ToArray())];
        return [.. lines.Skip(1).Select(line => lines[0].Zip(line).ToDictionary(pair => pair.First, pair => pair.Second))];
    }
}
