namespace Daso.Data;

/// <summary>A part of an image, in its pixels, which is then scaled to the input's square.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Upper edge.</param>
/// <param name="Width">Width.</param>
/// <param name="Height">Height.</param>
/// <param name="Mirrored">Whether left and right change sides.</param>
internal readonly record struct CropRegion(double X, double Y, double Width, double Height, bool Mirrored);

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
            return new CropRegion(x, y, cropWidth, cropHeight, mirrored);
        }

        double fittingWidth = Math.Min(width, height / minimumAspect);
        double fittingHeight = Math.Min(height, width / minimumAspect);
        return new CropRegion((width - fittingWidth) / 2, (height - fittingHeight) / 2, fittingWidth, fittingHeight, mirrored);
    }
}

/// <summary>The square in the middle whose side is a share of the short side: 224/256 is "resize to 256, crop 224".</summary>
internal sealed class CentreCrop(double share) : ICropRule
{
    /// <inheritdoc />
    public CropRegion Choose(int width, int height, SeededRandom random)
    {
        double side = Math.Min(width, height) * share;
        return new CropRegion((width - side) / 2, (height - side) / 2, side, side, false);
    }
}
