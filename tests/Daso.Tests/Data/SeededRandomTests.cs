using CsCheck;
using Daso.Data;

namespace Daso.Tests.Data;

public sealed class SeededRandomTests
{
    [Fact]
    public void Bits_are_those_of_SplitMix64()
    {
        SeededRandom random = SeededRandom.FromState(1234567);
        ulong[] bits = [random.NextBits(), random.NextBits(), random.NextBits()];
        Assert.Equal([6457827717110365317UL, 3203168211198807973UL, 9817491932198370423UL], bits);
    }

    [Fact]
    public void Shuffle_of_a_key_never_changes()
    {
        int[] values = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
        new SeededRandom(42, 3).Shuffle(values);
        Assert.Equal([6, 5, 0, 2, 8, 9, 3, 7, 1, 4], values);
    }

    [Fact]
    public void Integers_stay_below_their_bound_and_numbers_in_their_interval() => Gen.Select(Gen.ULong, Gen.Int[1, int.MaxValue])
        .Sample((state, bound) =>
        {
            SeededRandom random = SeededRandom.FromState(state);
            int integer = random.NextInt(bound);
            double number = random.NextDouble(-2, 3);
            return integer >= 0 && integer < bound && number is >= -2 and < 3;
        });

    [Fact]
    public void Every_order_of_three_comes_equally_often()
    {
        var counts = new Dictionary<int, int>();
        for (int seed = 0; seed < 6000; seed++)
        {
            int[] values = [1, 2, 3];
            new SeededRandom(seed).Shuffle(values);
            int order = values[0] * 100 + values[1] * 10 + values[2];
            counts[order] = counts.GetValueOrDefault(order) + 1;
        }

        // Chi-squared with 5 degrees of freedom: 99.9 % lie below 20.5.
        Assert.Equal(6, counts.Count);
        Assert.True(counts.Values.Sum(count => (count - 1000.0) * (count - 1000.0) / 1000) < 20.5);
    }

    [Fact]
    public void Keys_that_differ_in_one_part_give_other_streams()
    {
        int[][] keys = [[1, 2], [2, 1], [1, 3], [1, 2, 0], [1], [-1, 2]];
        Assert.Equal(keys.Length, keys.Select(key => new SeededRandom(key).NextBits()).Distinct().Count());
    }
}
