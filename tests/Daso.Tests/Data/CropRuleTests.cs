using CsCheck;
using Daso.Data;

namespace Daso.Tests.Data;

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
    [InlineData(2000, 10, 13.333, 10)]
    [InlineData(10, 2000, 10, 13.333)]
    public void Where_no_draw_fits_the_middle_is_taken(int width, int height, double cropWidth, double cropHeight)
    {
        CropRegion crop = new RandomResizedCrop(1, 1, 0.75, false).Choose(width, height, new SeededRandom(1));
        Assert.Equal(cropWidth, crop.Width, 0.01);
        Assert.Equal(cropHeight, crop.Height, 0.01);
        Assert.Equal(width / 2.0, crop.X + crop.Width / 2, 0.01);
        Assert.Equal(height / 2.0, crop.Y + crop.Height / 2, 0.01);
    }

    [Fact]
    public void The_centre_crop_is_224_of_256_of_the_short_side() =>
        Assert.Equal(new CropRegion(144, 32, 448, 448, false), new CentreCrop(224.0 / 256).Choose(736, 512, new SeededRandom(0)));
}
