using Daso.Data;

namespace Daso.Images;

/// <summary>A part of an image, in its pixels, which is then scaled to the input's square.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Mirrored">Whether left and right change sides.</param>
/// <param name="IsCutOut">Whether it is cut out before it is scaled, so that pixels outside have no part in those at its edges.</param>
internal readonly record struct CropRegion(double X, double Y, double Width, double Height, bool Mirrored, bool IsCutOut);

/// <summary>Decides which part of an image becomes the input.</summary>
internal interface ICropRule
{
    /// <summary>The part to take of an image of this size.</summary>
    /// <param name="width">In pixels.</param>
    /// <param name="height">In pixels.</param>
    /// <param name="random">The only source of chance.</param>
    CropRegion Choose(int width, int height, SeededRandom random);
}

/// <summary>
/// Area and aspect ratio are drawn, then a place where they fit: Szegedy et al., "Going deeper with convolutions", 2015. The area is
/// uniform, the aspect's logarithm too. After ten draws that do not fit, the largest allowed part of the middle.
/// </summary>
/// <param name="minimumArea">Smallest share of the image's area.</param>
/// <param name="maximumArea">Largest share.</param>
/// <param name="minimumAspect">Smallest width over height; the largest is its inverse.</param>
/// <param name="flip">Whether to mirror every second one.</param>
internal sealed class RandomResizedCrop(double minimumArea, double maximumArea, double minimumAspect, bool flip) : ICropRule
{
    private const int Draws = 10;

    /// <inheritdoc />
    public CropRegion Choose(int width, int height, SeededRandom random)
    {
        bool mirrored = flip && random.NextInt(2) == 1;
        double widestLog = -Math.Log(minimumAspect);
        for (int draw = 0; draw < Draws; draw++)
        {
            double area = random.NextDouble(minimumArea, maximumArea) * width * height;
            double aspect = Math.Exp(random.NextDouble(-widestLog, widestLog));
            int cropWidth = (int)Math.Round(Math.Sqrt(area * aspect));
            int cropHeight = (int)Math.Round(Math.Sqrt(area / aspect));
            if (cropWidth < 1 || cropWidth > width || cropHeight < 1 || cropHeight > height)
                continue;
            int x = random.NextInt(width - cropWidth + 1);
            int y = random.NextInt(height - cropHeight + 1);
            return new CropRegion(x, y, cropWidth, cropHeight, mirrored, IsCutOut: true);
        }

        int fittingWidth = (int)Math.Min(width, Math.Round(height / minimumAspect));
        int fittingHeight = (int)Math.Min(height, Math.Round(width / minimumAspect));
        return new CropRegion((width - fittingWidth) / 2, (height - fittingHeight) / 2, fittingWidth, fittingHeight, mirrored, true);
    }
}

/// <summary>All of it.</summary>
internal sealed class WholeImage(bool mirrored = false) : ICropRule
{
    /// <inheritdoc />
    public CropRegion Choose(int width, int height, SeededRandom random) => new(0, 0, width, height, mirrored, true);
}

/// <summary>
/// The middle of an image whose short side was resized, as torchvision's Resize and CenterCrop take it: the resized long side is cut to
/// whole pixels, and an offset of half a pixel is rounded to the even neighbour, as Python's round does.
/// </summary>
/// <param name="crop">Pixels of the square.</param>
/// <param name="resize">Pixels of the short side before; at least crop.</param>
internal sealed class CentreCrop(int crop, int resize) : ICropRule
{
    /// <inheritdoc />
    public CropRegion Choose(int width, int height, SeededRandom random)
    {
        int shorter = Math.Min(width, height);
        (double x, double cropWidth) = Along(width, shorter);
        (double y, double cropHeight) = Along(height, shorter);
        return new CropRegion(x, y, cropWidth, cropHeight, false, false);
    }

    /// <summary>Where the crop begins and how long it is, in the pixels of the image.</summary>
    private (double Start, double Length) Along(int length, int shorter)
    {
        int resized = (int)((long)resize * length / shorter);
        double pixel = (double)length / resized;
        return (Math.Round((resized - crop) / 2.0, MidpointRounding.ToEven) * pixel, crop * pixel);
    }
}
