using ScottPlot;
using SkiaSharp;

namespace Daso.Reporting;

/// <summary>
/// The font of the plots. It comes with this library: containers and compute nodes often have none, and texts would then be left out;
/// and the layout is the same on every machine.
/// </summary>
internal sealed class PlotFont : IFontResolver
{
    /// <summary>What a browser looks for; the layout holds for any of them, as the lengths of texts are given.</summary>
    public const string BrowserFamilies = "'DejaVu Sans', Verdana, system-ui, sans-serif";

    private const string Name = "DejaVu Sans of Daso";

    private static readonly SKTypeface s_typeface = Load();

    private static readonly Lazy<string> s_registered = new(() =>
    {
        ScottPlot.Fonts.FontResolvers.Add(new PlotFont());
        return Name;
    });

    private PlotFont()
    {
    }

    /// <summary>Its name for ScottPlot, which knows it from then on.</summary>
    public static string Registered => s_registered.Value;

    /// <summary>How wide a text is.</summary>
    public static double Width(string text, double size)
    {
        using var font = new SKFont(s_typeface, (float)size);
        return font.MeasureText(text);
    }

    /// <inheritdoc />
    public SKTypeface? CreateTypeface(string fontName, FontWeight weight, FontSlant slant, FontSpacing spacing) =>
        fontName == Name ? s_typeface : null;

    /// <inheritdoc />
    public SKTypeface? CreateTypeface(string fontName, bool bold, bool italic) => fontName == Name ? s_typeface : null;

    private static SKTypeface Load()
    {
        using Stream font = Resource.Open("DejaVuSans-Latin.ttf");
        using SKData data = SKData.Create(font);
        return SKTypeface.FromData(data);
    }
}
