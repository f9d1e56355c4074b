using System.Xml.Linq;

namespace Daso.Reporting;

/// <summary>A plot of a report.</summary>
/// <param name="Id">Its name in file names and as an anchor; no two figures of a report share it.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it.</param>
/// <param name="Svg">The drawing; text and lines take the colour of the text around it.</param>
internal sealed record CaptionedPlot(string Id, string Title, string Caption, XElement Svg);
