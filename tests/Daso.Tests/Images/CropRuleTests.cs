using CsCheck;
using Daso.Data;
using Daso.Images;

namespace Daso.Tests.Images;

public sealed class CropRuleTests
{
    [Fact]
    public void Random_crops_lie_inside_and_keep_to_area_and_aspect() =>
        Gen.Select(Gen.Int[64, 2000], Gen.Int[64, 2000], Gen.Int).Sample((width, height, seed) =>
        {
            CropRegion crop = new RandomResizedCrop(0.05, 1, 3.0 / 4, flip: true).Choose(width, height, new SeededRandom(seed));
            Assert.True(crop.X >= 0 && crop.Y >= 0 && crop.X + crop.Width <= width + 1e-9 && crop.Y + crop.Height <= height + 1e-9);

            // Sides are rounded to whole pixels, and the smallest is about 12.
            Assert.InRange(crop.Width / crop.Height, 0.75 * 0.92, 4.0 / 3 / 0.92);
            Assert.True(crop.Width * crop.Height > 0.05 * width * height * 0.9 || Math.Max(width, height) > 10 * Math.Min(width, height));
        });

    [Fact]
    public void Half_of_the_crops_are_mirrored_and_none_without_flip()
    {
        int Mirrored(bool flip) => Enumerable.Range(0, 1000)
            .Count(seed => new RandomResizedCrop(0.05, 1, 0.75, flip).Choose(300, 200, new SeededRandom(seed)).Mirrored);
        Assert.InRange(Mirrored(true), 440, 560);
        Assert.Equal(0, Mirrored(false));
    }

    [Theory]
    [InlineData(2000, 10, 13, 10)]
    [InlineData(10, 2000, 10, 13)]
    public void Where_no_draw_fits_the_middle_is_taken(int width, int height, double cropWidth, double cropHeight)
    {
        CropRegion crop = new RandomResizedCrop(1, 1, 0.75, false).Choose(width, height, new SeededRandom(1));
        Assert.Equal(cropWidth, crop.Width, 0.01);
        Assert.Equal(cropHeight, crop.Height, 0.01);
        Assert.Equal((width - (int)crop.Width) / 2, crop.X);
        Assert.Equal((height - (int)crop.Height) / 2, crop.Y);
    }

    /// <summary>
    /// What torchvision 0.14's Resize and CenterCrop take, by their size, left edge and top edge in the resized image; among them offsets of
    /// half a pixel, which go to the even neighbour.
    /// </summary>
    [Theory]
    [InlineData(736, 512, 224, 256, 368, 256, 72, 16)]
    [InlineData(500, 375, 224, 256, 341, 256, 58, 16)]
    [InlineData(375, 500, 224, 256, 256, 341, 16, 58)]
    [InlineData(347, 256, 224, 256, 347, 256, 62, 16)]
    [InlineData(349, 256, 224, 256, 349, 256, 62, 16)]
    [InlineData(80, 60, 32, 37, 49, 37, 8, 2)]
    public void The_centre_crop_is_torchvisions(
        int width, int height, int crop, int resize, int resizedWidth, int resizedHeight, int left, int top)
    {
        CropRegion region = new CentreCrop(crop, resize).Choose(width, height, new SeededRandom(0));
        double pixelX = (double)width / resizedWidth, pixelY = (double)height / resizedHeight;
        Assert.Equal((left * pixelX, top * pixelY, crop * pixelX, crop * pixelY), (region.X, region.Y, region.Width, region.Height));
    }
}
