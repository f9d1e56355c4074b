using System.Globalization;
using System.Xml.Linq;
using ScottPlot;

namespace Daso.Reporting;

/// <summary>
/// Makes a drawing of ScottPlot's fit for a page: text and lines in the page's colour (so that one drawing serves light and dark), texts
/// with a given length in any font, no identifier that another drawing has, and a size that follows the page.
/// </summary>
internal static class SvgDrawing
{
    /// <summary>Stands for the page's text colour.</summary>
    public static readonly Color Ink = Color.FromHex("#010203");

    /// <summary>Stands for the colour of grid lines.</summary>
    public static readonly Color Faint = Color.FromHex("#040506");

    private const string GridOpacity = "0.18";

    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    /// <param name="plot">What to draw.</param>
    /// <param name="id">Of the figure.</param>
    /// <param name="description">For those who do not see it.</param>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    public static XElement Draw(Plot plot, string id, string description, int width, int height)
    {
        XElement svg = XElement.Parse(plot.GetSvgXml(width, height));
        foreach (XElement element in svg.Descendants())
        {
            Recolour(element, "fill");
            Recolour(element, "stroke");
            RenameId(element, id);
            if (element.Attribute("fill")?.Value == "none" && element.Attribute("stroke") is XAttribute line)
                element.SetAttributeValue("stroke-dasharray", PlotStyle.Dashes(line.Value));
            if (element.Name == s_svg + "text")
                FixLength(element);
        }

        svg.Attributes().Where(attribute => attribute.IsNamespaceDeclaration && attribute.Name.LocalName == "xlink").Remove();
        svg.SetAttributeValue("width", null);
        svg.SetAttributeValue("height", null);
        svg.SetAttributeValue("viewBox", FormattableString.Invariant($"0 0 {width} {height}"));
        svg.SetAttributeValue("role", "img");
        svg.SetAttributeValue("aria-label", description);
        return svg;
    }

    /// <summary>The drawing as a file of its own, that follows the viewer's light or dark mode.</summary>
    public static string ToFile(XElement svg)
    {
        var file = new XElement(svg);
        string[] box = file.Attribute("viewBox")!.Value.Split(' ');
        file.SetAttributeValue("width", box[2]);
        file.SetAttributeValue("height", box[3]);
        file.AddFirst(new XElement(
            s_svg + "style",
            "svg{color:#1b1f24;background:#fff}@media(prefers-color-scheme:dark){svg{color:#dfe3e8;background:#15191e}}"));
        return file.ToString();
    }

    private static void Recolour(XElement element, string attribute)
    {
        string? colour = element.Attribute(attribute)?.Value;
        if (colour is null || (colour != Ink.ToHex() && colour != Faint.ToHex()))
            return;
        element.SetAttributeValue(attribute, "currentColor");
        if (colour == Faint.ToHex())
            element.SetAttributeValue(attribute + "-opacity", GridOpacity);
    }

    private static void RenameId(XElement element, string prefix)
    {
        if (element.Attribute("id") is XAttribute id)
            id.Value = $"{prefix}-{id.Value}";
        if (element.Attribute("clip-path") is XAttribute clip)
            clip.Value = clip.Value.Replace("url(#", $"url(#{prefix}-", StringComparison.Ordinal);
    }

    /// <summary>Skia places every letter by the widths of its own font; another font's letters would be set unevenly.</summary>
    private static void FixLength(XElement text)
    {
        text.Value = text.Value.Trim();
        double size = double.Parse(text.Attribute("font-size")!.Value, CultureInfo.InvariantCulture);
        text.SetAttributeValue("x", First(text.Attribute("x")));
        text.SetAttributeValue("y", First(text.Attribute("y")));
        text.SetAttributeValue("textLength", PlotFont.Width(text.Value, size).ToString("0.##", CultureInfo.InvariantCulture));
        text.SetAttributeValue("lengthAdjust", "spacingAndGlyphs");
        text.SetAttributeValue("font-family", PlotFont.BrowserFamilies);
        text.SetAttributeValue("font-weight", null);
    }

    private static string? First(XAttribute? list) => list?.Value.Split(',', StringSplitOptions.TrimEntries)[0];
}
