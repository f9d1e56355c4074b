using System.Data.Common;
using System.Text.RegularExpressions;
using Daso.Analysis;
using DuckDB.NET.Data;

namespace Daso.Tests.Reporting;

/// <summary>The queries of docs/queries.md, run as they are.</summary>
public sealed partial class QueriesTests : IDisposable
{
    private readonly ReportExample _run = new();

    public static TheoryData<string> Titles => [.. Queries().Keys];

    public void Dispose() => _run.Dispose();

    [Theory]
    [MemberData(nameof(Titles))]
    public void Every_query_of_the_page_gives_rows_without_missing_values(string title)
    {
        IReadOnlyList<Dictionary<string, object?>> rows = Run(title);
        Assert.NotEmpty(rows);
        Assert.All(rows, row => Assert.DoesNotContain(null, row.Values));
    }

    [Fact]
    public void Median_steps_are_the_summarys()
    {
        StrategySummary[] strategies = [.. RunSummary.Read(_run.Folder.Path).Experiments[0].Strategies];
        foreach (Dictionary<string, object?> row in Run("Median step time of each strategy"))
        {
            Spread expected = strategies.Single(strategy => strategy.Strategy == (string)row["strategy"]!).StepNs;
            Assert.Equal(expected.Median / 1e6, Number(row["median_ms"]), 9);
            Assert.Equal(expected.MedianAbsoluteDeviation / 1e6, Number(row["mad_ms"]), 9);
            Assert.Equal(expected.P90 / 1e6, Number(row["p90_ms"]), 9);
            Assert.Equal(expected.Count, Number(row["steps"]));
        }
    }

    [Fact]
    public void Times_to_the_target_are_the_summarys()
    {
        StrategySummary[] strategies = [.. RunSummary.Read(_run.Folder.Path).Experiments[0].Strategies];
        foreach (Dictionary<string, object?> row in Run("Time to a target quality"))
        {
            CellSummary cell = strategies.Single(strategy => strategy.Strategy == (string)row["strategy"]!).Cells
                .Single(cell => cell.Seed == (int)row["seed"]!);
            Assert.Equal(cell.TimeToTargetNs!.Value / 1e9, Number(row["seconds_to_target"]), 9);
        }
    }

    [Fact]
    public void Shares_ratios_and_bytes_are_those_that_were_recorded()
    {
        Assert.All(Run("Ratio to the baseline, paired by seed"), row => Assert.Equal(
            (double)ReportExample.StepNs((string)row["strategy"]!, (int)row["seed"]!) / ReportExample.StepNs("ddp", (int)row["seed"]!),
            Number(row["ratio"]),
            9));
        Assert.All(
            Run("Share of the step time of each span").Where(row => (string)row["span"]! == "global_wait"),
            row => Assert.Equal(0.35, Number(row["share"]), 6));
        // Two ranks of a node send 1000 bytes each.
        Assert.All(Run("Bytes that a node sends in a step"), row => Assert.Equal(2000, Number(row["bytes_per_node_step"])));
        Assert.All(Run("Outliers"), row => Assert.Equal(0, Number(row["outliers"])));
        Assert.All(Run("Imbalance of each step"), row => Assert.Equal(1, (int)row["slowest_rank"]! % 2));
    }

    private static double Number(object? value) => Convert.ToDouble(value, System.Globalization.CultureInfo.InvariantCulture);

    private static Dictionary<string, string> Queries()
    {
        string page = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "queries.md"));
        Dictionary<string, string> queries = QueryOfPage().Matches(page)
            .ToDictionary(match => match.Groups["title"].Value, match => match.Groups["sql"].Value);
        Assert.Equal(page.Split("```sql").Length - 1, queries.Count);
        return queries;
    }

    private List<Dictionary<string, object?>> Run(string title)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using DuckDBCommand command = connection.CreateCommand();
        command.CommandText = $"SET file_search_path = '{_run.Folder.Path}'";
        command.ExecuteNonQuery();
        command.CommandText = Queries()[title];
        using DbDataReader reader = command.ExecuteReader();
        var rows = new List<Dictionary<string, object?>>();
        while (reader.Read())
        {
            rows.Add(Enumerable.Range(0, reader.FieldCount)
                .ToDictionary(reader.GetName, i => reader.IsDBNull(i) ? null : reader.GetValue(i)));
        }

        return rows;
    }

    [GeneratedRegex(@"^## (?<title>[^\n]+)\n(?:(?!^## |^```sql).*\n)*^```sql\n(?<sql>(?:(?!^```).*\n)*)", RegexOptions.Multiline)]
    private static partial Regex QueryOfPage();
}
