using System.Text;
using Daso.Analysis;

namespace Daso.Reporting;

/// <summary>Writes a report as Markdown; its plots are files beside it.</summary>
internal static class MarkdownReport
{
    /// <param name="report">What to write.</param>
    /// <param name="figureFile">The relative path of a figure's file.</param>
    public static string Write(Report report, Func<CaptionedPlot, string> figureFile)
    {
        var text = new StringBuilder();
        text.Append("# ").Append(Escape(report.Title)).Append("\n\n");
        foreach (ReportSection section in report.Sections)
        {
            text.Append("## ").Append(Escape(section.Table.Title)).Append("\n\n");
            if (report.Runs.Count > 1)
                text.Append("Run ").Append(Escape(section.Run.Manifest.RunId)).Append("\n\n");
            if (section.Table.Missing is string missing)
                text.Append("**").Append(Escape(missing)).Append("**\n\n");
            WriteTable(text, section.Table);
            foreach (string sentence in section.Table.Findings)
                text.Append(Escape(sentence)).Append("\n\n");
            foreach (string warning in section.Table.Warnings)
                text.Append("**").Append(Escape(warning)).Append("**\n\n");
            WriteFigures(text, section.Figures, figureFile);
        }

        text.Append("## What the columns mean\n\n");
        foreach ((string column, string meaning) in report.Legend)
            text.Append("- **").Append(Escape(column)).Append("**: ").Append(Escape(meaning)).Append('\n');
        text.Append('\n');
        if (report.Scaling.Count > 0)
            text.Append("## Across the runs\n\n");
        WriteFigures(text, report.Scaling, figureFile);
        foreach (string note in report.Notes)
            text.Append(Escape(note)).Append("\n\n");
        foreach (RecordedRun run in report.Runs)
        {
            text.Append("## Where run ").Append(Escape(run.Manifest.RunId)).Append(" comes from\n\n| | |\n|---|---|\n");
            foreach ((string name, string value) in Provenance.Of(run))
                text.Append("| ").Append(Escape(name)).Append(" | ").Append(Escape(value)).Append(" |\n");
            text.Append('\n');
        }

        return text.ToString().TrimEnd() + "\n";
    }

    private static void WriteTable(StringBuilder text, ReportTable table)
    {
        WriteRow(table.Headers);
        text.Append("|---|").Insert(text.Length, "---:|", table.Headers.Count - 1).Append('\n');
        foreach (IReadOnlyList<string> row in table.Rows)
            WriteRow(row);
        text.Append('\n');

        void WriteRow(IReadOnlyList<string> cells) => text.Append("| ").AppendJoin(" | ", cells.Select(Escape)).Append(" |\n");
    }

    private static void WriteFigures(StringBuilder text, IReadOnlyList<CaptionedPlot> figures, Func<CaptionedPlot, string> figureFile)
    {
        foreach (CaptionedPlot figure in figures)
        {
            text.Append("### ").Append(Escape(figure.Title)).Append("\n\n![").Append(Escape(figure.Title)).Append("](")
                .Append(figureFile(figure)).Append(")\n\n").Append(Escape(figure.Caption)).Append("\n\n");
        }
    }

    /// <summary>Names are the user's: nothing in them becomes markup or ends a cell.</summary>
    private static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text.ReplaceLineEndings(" "))
            escaped.Append(c is '\\' or '|' or '*' or '_' or '`' or '[' or ']' or '<' or '>' or '#' or '~' ? $"\\{c}" : c);
        return escaped.ToString();
    }
}
