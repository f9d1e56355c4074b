using CsCheck;
using Daso.Data;

namespace Daso.Tests.Data;

public sealed class SampleOrderTests
{
    private static readonly Gen<(int Samples, int Ranks, int Batch, int Seed, int Epoch)> s_feasible =
        from ranks in Gen.Int[1, 8]
        from batch in Gen.Int[1, 9]
        from extra in Gen.Int[0, 200]
        from seed in Gen.Int
        from epoch in Gen.Int[0, 100]
        select (ranks * batch + extra, ranks, batch, seed, epoch);

    [Fact]
    public void Training_shards_are_disjoint_equally_long_and_leave_less_than_a_batch_a_rank() => s_feasible.Sample(given =>
    {
        int[][] shards = Shards(given.Ranks, shard => new ShuffledOrder(given.Samples, int.MaxValue, shard, given.Batch, given.Seed), given.Epoch);
        int[] seen = [.. shards.SelectMany(samples => samples)];
        Assert.Single(shards.Select(samples => samples.Length).Distinct());
        Assert.Equal(seen.Length, seen.Distinct().Count());
        Assert.All(seen, sample => Assert.InRange(sample, 0, given.Samples - 1));
        Assert.True(given.Samples - seen.Length < given.Ranks * given.Batch + given.Ranks);
        Assert.Equal(0, shards[0].Length % given.Batch);
    });

    [Fact]
    public void Same_seed_and_epoch_same_order_after_any_other_epoch() => s_feasible.Sample(given =>
    {
        var straight = new ShuffledOrder(given.Samples, int.MaxValue, new Shard(0, given.Ranks), given.Batch, given.Seed);
        var wandering = new ShuffledOrder(given.Samples, int.MaxValue, new Shard(0, given.Ranks), given.Batch, given.Seed);
        wandering.MoveTo(given.Epoch + 7);
        Assert.Equal(Samples(straight, given.Epoch), Samples(wandering, given.Epoch));
    });

    [Theory]
    [InlineData(5, 0, 5, 1)]
    [InlineData(5, 0, 6, 0)]
    public void Another_seed_or_epoch_another_order(int seed, int epoch, int otherSeed, int otherEpoch) => Assert.NotEqual(
        Samples(new ShuffledOrder(100, int.MaxValue, new Shard(1, 2), 10, seed), epoch),
        Samples(new ShuffledOrder(100, int.MaxValue, new Shard(1, 2), 10, otherSeed), otherEpoch));

    [Fact]
    public void Held_out_shards_cover_everything_once_in_file_order() =>
        Gen.Select(Gen.Int[0, 100], Gen.Int[1, 12], Gen.Int[1, 9]).Sample((samples, ranks, batch) =>
        {
            int[][] shards = Shards(ranks, shard => new FileOrder(samples, shard, batch), 0);
            Assert.Equal(Enumerable.Range(0, samples), shards.SelectMany(shard => shard));
            Assert.True(shards.Max(shard => shard.Length) - shards.Min(shard => shard.Length) <= 1);
        });

    [Fact]
    public void More_ranks_than_samples_is_an_error_that_names_both()
    {
        var error = Assert.Throws<UserErrorException>(() => new ShuffledOrder(3, int.MaxValue, new Shard(0, 4), 1, 0));
        Assert.Contains("3 training samples", error.Message);
        Assert.Contains("4 ranks; take fewer ranks", error.Message);
    }

    [Fact]
    public void A_shard_below_one_batch_is_an_error_that_names_the_mend()
    {
        var error = Assert.Throws<UserErrorException>(() => new ShuffledOrder(31, int.MaxValue, new Shard(0, 4), 8, 0));
        Assert.Contains("7 a rank, less than a batch of 8; take fewer ranks or a smaller batch", error.Message);
    }

    private static int[][] Shards(int ranks, Func<Shard, SampleOrder> make, int epoch) =>
        [.. Enumerable.Range(0, ranks).Select(rank => Samples(make(new Shard(rank, ranks)), epoch))];

    private static int[] Samples(SampleOrder order, int epoch)
    {
        order.MoveTo(epoch);
        var samples = new List<int>();
        for (int batch = 0; batch < order.BatchesPerEpoch; batch++)
        {
            for (int row = 0; row < order.LengthOf(batch); row++)
                samples.Add(order.SampleAt(batch, row));
        }

        return [.. samples];
    }
}
