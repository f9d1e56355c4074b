using CsCheck;
using Daso.Communication;

namespace Daso.Tests.Communication;

public class WireFormatsTests
{
    [Fact]
    public void BFloat16_rounds_every_float_to_nearest_even_of_its_upper_half() =>
        Gen.UInt.Array[1, 40].Sample(bits =>
        {
            float[] values = [.. bits.Select(BitConverter.UInt32BitsToSingle)];
            float[] expected = [.. values.Select(NearestBFloat16)];
            WireFormat.BFloat16.Round(values);
            return values.Zip(expected).All(pair => pair.First.Equals(pair.Second));
        });

    [Fact]
    public void Float16_rounds_as_half_does() =>
        Gen.Float.Array[1, 600].Sample(values =>
        {
            float[] expected = [.. values.Select(value => (float)(Half)value)];
            WireFormat.Float16.Round(values);
            return values.Zip(expected).All(pair => pair.First.Equals(pair.Second));
        });

    [Theory]
    [InlineData(1.00390625f, 1.0f)]
    [InlineData(1.01171875f, 1.015625f)]
    [InlineData(0.999f, 1.0f)]
    [InlineData(float.PositiveInfinity, float.PositiveInfinity)]
    [InlineData(float.MaxValue, float.PositiveInfinity)]
    [InlineData(-0.0f, -0.0f)]
    public void BFloat16_known_values(float value, float expected)
    {
        float[] values = [value];
        WireFormat.BFloat16.Round(values);
        Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(values[0]));
    }

    /// <summary>By search: of the two neighbours in the format, the nearer; the even one on a tie.</summary>
    private static float NearestBFloat16(float value)
    {
        if (!float.IsFinite(value))
            return value;
        uint bits = BitConverter.SingleToUInt32Bits(value);
        uint lower = bits & 0xffff0000;
        uint upper = lower + 0x10000;
        double down = Math.Abs((double)value - BitConverter.UInt32BitsToSingle(lower));
        float upperValue = BitConverter.UInt32BitsToSingle(upper);
        // Beyond the largest finite value the format goes on as if it had one more exponent (IEEE 754 §4.3.1).
        double up = float.IsInfinity(upperValue) ? Math.Pow(2, 128) - Math.Abs((double)value) : Math.Abs((double)upperValue - value);
        bool takesLower = down < up || (down == up && (lower & 0x10000) == 0);
        return takesLower ? BitConverter.UInt32BitsToSingle(lower) : upperValue;
    }

    [Fact]
    public void Rounded_values_survive_the_wire() => Gen.Single.Array[0, 100].Sample(values =>
    {
        foreach (WireFormat wire in WireFormat.BuiltIn)
        {
            float[] rounded = [.. values];
            wire.Round(rounded);
            byte[] bytes = new byte[wire.BytesFor(values.Length)];
            wire.Pack(rounded, bytes);
            float[] back = new float[values.Length];
            wire.Unpack(bytes, back);
            Assert.Equal(rounded, back);
        }
    });
}
