using System.Xml.Linq;
using Daso.Analysis;

namespace Daso.Reporting;

/// <summary>
/// Writes a report as one page that needs nothing else: plots inline, no script, light and dark as the browser says. Well-formed XML
/// too, so that programs can read it.
/// </summary>
internal static class HtmlReport
{
    /// <summary>The page.</summary>
    public static string Write(Report report)
    {
        var page = new XElement(
            "html",
            new XAttribute("lang", "en"),
            new XElement(
                "head",
                new XElement("meta", new XAttribute("charset", "utf-8")),
                new XElement(
                    "meta", new XAttribute("name", "viewport"), new XAttribute("content", "width=device-width, initial-scale=1")),
                new XElement("meta", new XAttribute("name", "color-scheme"), new XAttribute("content", "light dark")),
                new XElement("title", report.Title),
                new XElement("style", Resource.ReadText("report.css"))),
            new XElement(
                "body",
                new XElement("h1", report.Title),
                report.Sections.Select(section => Section(section, report.Runs.Count > 1)),
                Scaling(report),
                new XElement("section", new XElement("h2", "What the columns mean"), Facts(report.Legend)),
                report.Runs.Select(Origin)));
        return "<!DOCTYPE html>\n" + page.ToString(SaveOptions.None) + "\n";
    }

    private static XElement Section(ReportSection section, bool isRunNamed) => new(
        "section",
        new XElement("h2", section.Table.Title),
        isRunNamed ? new XElement("p", "Run ", new XElement("code", section.Run.Manifest.RunId)) : null,
        section.Table.Missing is string missing ? new XElement("p", new XElement("strong", missing)) : null,
        new XElement("div", new XAttribute("class", "wide"), Table(section.Table)),
        section.Table.Findings.Select(sentence => new XElement("p", sentence)),
        section.Table.Warnings.Select(warning => new XElement("p", new XElement("strong", warning))),
        Figures(section.Figures));

    private static XElement Table(ReportTable table) => new(
        "table",
        new XElement("thead", new XElement("tr", table.Headers.Select(header => new XElement("th", header)))),
        new XElement("tbody", table.Rows.Select(row => new XElement(
            "tr", new XElement("th", new XAttribute("scope", "row"), row[0]), row.Skip(1).Select(cell => new XElement("td", cell))))));

    private static XElement Figures(IReadOnlyList<CaptionedPlot> figures) => new(
        "div",
        new XAttribute("class", "figures"),
        figures.Select(figure => new XElement(
            "figure",
            new XAttribute("id", figure.Id),
            new XElement("h3", figure.Title),
            new XElement(figure.Svg),
            new XElement("figcaption", figure.Caption))));

    private static XElement Scaling(Report report) => new(
        "section",
        new XElement("h2", "Across the runs"),
        report.Scaling.Count > 0 ? Figures(report.Scaling) : null,
        report.Notes.Select(note => new XElement("p", note)));

    private static XElement Origin(RecordedRun run) => new(
        "section",
        new XAttribute("class", "origin"),
        new XElement("h2", "Where the numbers come from"),
        Facts(Provenance.Of(run)));

    private static XElement Facts(IEnumerable<(string Name, string Value)> facts) =>
        new("dl", facts.Select(fact => new[] { new XElement("dt", fact.Name), new XElement("dd", fact.Value) }));
}
