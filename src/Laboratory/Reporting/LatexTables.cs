using System.Text;

namespace Daso.Reporting;

/// <summary>Writes the tables of a report for a paper: LaTeX with the package booktabs.</summary>
internal static class LatexTables
{
    private static readonly Dictionary<char, string> s_special = new()
    {
        ['\\'] = @"\textbackslash{}",
        ['{'] = @"\{",
        ['}'] = @"\}",
        ['$'] = @"\$",
        ['&'] = @"\&",
        ['%'] = @"\%",
        ['#'] = @"\#",
        ['_'] = @"\_",
        ['^'] = @"\textasciicircum{}",
        ['~'] = @"\textasciitilde{}",
        ['<'] = "$<$",
        ['>'] = "$>$",
        ['±'] = @"$\pm$",
        ['×'] = @"$\times$",
        ['…'] = @"\,\dots\,",
        ['µ'] = @"\textmu{}",
        ['–'] = "--",
        ['≥'] = @"$\geq$",
        ['≤'] = @"$\leq$",
    };

    /// <summary>A file to <c>\input</c>: a table for each experiment, with the run and its specification as a comment above it.</summary>
    public static string Write(Report report)
    {
        var text = new StringBuilder("% Needs \\usepackage{booktabs} and \\usepackage{graphicx} in the preamble.\n");
        foreach ((int index, ReportSection section) in report.Sections.Index())
        {
            ReportTable table = section.Table;
            text.Append("\n% run ").Append(section.Run.Manifest.RunId).Append(", specification ")
                .Append(section.Run.Manifest.SpecificationHash).Append('\n')
                .Append("\\begin{table}\n  \\centering\n  \\caption{").Append(Escape(Caption(table))).Append("}\n  \\label{tab:daso-")
                .Append(index + 1).Append("}\n  \\resizebox{\\linewidth}{!}{%\n  \\begin{tabular}{l")
                .Append('r', table.Headers.Count - 1).Append("}\n    \\toprule\n");
            AppendRow(table.Headers);
            text.Append("    \\midrule\n");
            foreach (IReadOnlyList<string> row in table.Rows)
                AppendRow(row);
            text.Append("    \\bottomrule\n  \\end{tabular}}\n\\end{table}\n");
        }

        return text.ToString();

        static string Caption(ReportTable table) => table.Missing is string missing ? $"{table.Title}. {missing}" : table.Title;

        void AppendRow(IReadOnlyList<string> cells) => text.Append("    ").AppendJoin(" & ", cells.Select(Escape)).Append(" \\\\\n");
    }

    /// <summary>A text that LaTeX sets as it reads.</summary>
    internal static string Escape(string text)
    {
        var escaped = new StringBuilder();
        foreach (char c in text)
            escaped.Append(s_special.TryGetValue(c, out string? command) ? command : c.ToString());
        return escaped.ToString();
    }
}
