using CsCheck;
using Daso.Images;

namespace Daso.Tests.Images;

public class ResamplerTests
{
    [Fact]
    public void Vector_instructions_change_no_bit() =>
        Gen.Select(Gen.Int[8, 70], Gen.Int[8, 70], Gen.Int[4, 23], Gen.Bool, Gen.Int).Sample((width, height, side, mirrored, seed) =>
        {
            var random = new Random(seed);
            byte[] pixels = new byte[4 * width * height];
            random.NextBytes(pixels);
            int left = random.Next(width - 3), top = random.Next(height - 3);
            var region = new CropRegion(left, top, random.Next(2, width - left), random.Next(2, height - top), mirrored, random.Next(2) == 0);
            float[] plain = Resample(pixels, width, height, side, region, vectors: false);
            Assert.Equal(plain, Resample(pixels, width, height, side, region, vectors: true));
            Assert.DoesNotContain(plain, float.IsNaN);
        });

    [Theory]
    [InlineData(5)]
    [InlineData(40)]
    [InlineData(900)]
    public void Weights_of_a_flat_colour_add_up_to_it(int length)
    {
        var taps = new FilterTaps(24);
        taps.Compute(0.25, length - 0.5, 0, length);
        for (int i = 0; i < 24; i++)
        {
            ReadOnlySpan<short> weights = taps.Weights.Slice(i * taps.Stride, taps.Counts[i]);
            int sum = 0;
            foreach (short weight in weights)
                sum += weight;
            Assert.Equal(1 << FilterTaps.WeightBits, sum);
            Assert.InRange(taps.Starts[i] + taps.Counts[i], 1, taps.End);
        }

        Assert.InRange(taps.End, 1, length);
    }

    private static unsafe float[] Resample(byte[] pixels, int width, int height, int side, CropRegion region, bool vectors)
    {
        using var resampler = new Resampler(side, vectors);
        using var source = new NativeBuffer();
        source.Reserve((nuint)pixels.Length);
        pixels.CopyTo(new Span<byte>(source.Pointer, pixels.Length));
        var planes = new float[3 * side * side];
        resampler.Resample(source.Pointer, new DecodedPixels(width, height, 1), region, planes);
        return planes;
    }
}
