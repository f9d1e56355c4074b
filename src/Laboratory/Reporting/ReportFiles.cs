using Daso.Recording;

namespace Daso.Reporting;

/// <summary>Writes a report's files.</summary>
internal static class ReportFiles
{
    /// <summary>The page; a folder with it holds a report, which a new one may replace.</summary>
    public const string Page = "report.html";

    private const string FigureFolder = "figures";

    /// <param name="report">What to write.</param>
    /// <param name="folder">Where: made if it does not exist; files of an earlier report in it are replaced.</param>
    /// <exception cref="UserErrorException">It holds other files, or cannot be written.</exception>
    public static void Write(Report report, string folder)
    {
        Prepare(folder);
        string figures = Path.Combine(folder, FigureFolder);
        if (Directory.Exists(figures))
        {
            foreach (string earlier in Directory.EnumerateFiles(figures, "*.svg"))
                File.Delete(earlier);
        }

        Make(figures);
        foreach (CaptionedPlot figure in report.Figures)
            WriteText(Path.Combine(figures, figure.Id + ".svg"), SvgDrawing.ToFile(figure.Svg));
        WriteText(Path.Combine(folder, "report.md"), MarkdownReport.Write(report, figure => $"{FigureFolder}/{figure.Id}.svg"));
        WriteText(Path.Combine(folder, "table.tex"), LatexTables.Write(report));
        WriteText(Path.Combine(folder, "summary.csv"), CsvFiles.Summary(report));
        WriteText(Path.Combine(folder, "curves.csv"), CsvFiles.Curves(report));
        WriteText(Path.Combine(folder, Page), HtmlReport.Write(report));
    }

    /// <summary>Makes a folder, with those above it.</summary>
    /// <exception cref="UserErrorException">It cannot be made.</exception>
    internal static void Make(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception failure) when (FileFailure.Is(failure))
        {
            throw new UserErrorException(
                $"--out {folder}: cannot make the folder ({FileFailure.Reason(failure)}); choose one that can be written",
                ExitCode.Environment);
        }
    }

    private static void Prepare(string folder)
    {
        if (File.Exists(folder))
            throw new UserErrorException($"--out {folder}: is a file; choose a folder");
        bool isOthers = Directory.Exists(folder)
            && Directory.EnumerateFileSystemEntries(folder).Any()
            && !File.Exists(Path.Combine(folder, Page));
        if (isOthers)
            throw new UserErrorException($"--out {folder}: holds other files and no report; choose a new or empty folder");
        Make(folder);
    }

    private static void WriteText(string path, string text) => AtomicFile.Write(path, temporary => File.WriteAllText(temporary, text));
}
