using Spectre.Console;

namespace Daso.Analysis;

/// <summary>How tables of results look: a row for each entry, or turned by 90° where the console is narrow.</summary>
internal static class TableLayout
{
    private const int WidthOfRows = 150;

    /// <summary>Text as it is, or in a colour.</summary>
    public static Markup Cell(string text, string? colour = null) =>
        new(colour is null ? Markup.Escape(text) : $"[{colour}]{Markup.Escape(text)}[/]");

    /// <summary>Writes a table.</summary>
    /// <param name="console">Where.</param>
    /// <param name="headers">Of the columns; the first column names the rows.</param>
    /// <param name="rows">Their names.</param>
    /// <param name="cells">Of each row, the cells with its name.</param>
    public static void Write(IAnsiConsole console, string[] headers, IReadOnlyList<string> rows, IReadOnlyList<Markup[]> cells)
    {
        if (console.Profile.Width >= WidthOfRows)
        {
            Table table = Empty(headers);
            foreach (Markup[] row in cells)
                table.AddRow(row);
            console.Write(table);
            return;
        }

        Table turned = Empty([headers[0], .. rows]);
        for (int i = 1; i < headers.Length; i++)
            turned.AddRow([Cell(headers[i]), .. cells.Select(row => row[i])]);
        console.Write(turned);
    }

    /// <summary>Writes an experiment's results: a row for each strategy.</summary>
    /// <param name="console">Where.</param>
    /// <param name="experiment">What to show.</param>
    /// <param name="columns">Of it; the first names the strategy.</param>
    /// <param name="first">The first column's header, where it is another than the column's.</param>
    public static void Write(IAnsiConsole console, ExperimentSummary experiment, IReadOnlyList<ResultColumn> columns, string? first = null) => Write(
        console,
        [.. columns.Select((column, i) => i == 0 && first is not null ? first : column.Header(experiment.Plan))],
        [.. experiment.Strategies.Select(strategy => strategy.Strategy)],
        [
            .. experiment.Strategies.Select(strategy => columns.Select(column =>
                Cell(column.Text(experiment.Plan, strategy), column.Colour(strategy))).ToArray()),
        ]);

    /// <summary>Writes what columns mean.</summary>
    public static void WriteLegend(IAnsiConsole console, IEnumerable<(string Column, string Meaning)> entries)
    {
        Grid legend = new Grid().AddColumn(new GridColumn().NoWrap()).AddColumn();
        foreach ((string column, string meaning) in entries)
            legend.AddRow(new Text(column), new Text(meaning));
        console.Write(legend);
    }

    private static Table Empty(string[] headers)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        for (int i = 0; i < headers.Length; i++)
            table.AddColumn(new TableColumn(Markup.Escape(headers[i])).Alignment(i == 0 ? Justify.Left : Justify.Right));
        return table;
    }
}
