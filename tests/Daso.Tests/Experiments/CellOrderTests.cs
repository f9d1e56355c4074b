using Daso.Experiments;

namespace Daso.Tests.Experiments;

/// <summary>No strategy is favoured by its place.</summary>
public sealed class CellOrderTests
{
    public static TheoryData<int, int> Sizes => [.. from strategies in Enumerable.Range(1, 7) from seeds in Enumerable.Range(1, 28) select (strategies, seeds)];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Orders_are_as_balanced_as_so_many_seeds_allow(int strategies, int seeds)
    {
        IReadOnlyList<int[]> order = CellOrder.Of(strategies, seeds);

        Assert.Equal(seeds, order.Count);
        Assert.All(order, row => Assert.Equal(Enumerable.Range(0, strategies), row.Order()));
        if (seeds % 2 == 0 || seeds % strategies == 0)
            Assert.Single(Enumerable.Range(0, strategies).Select(strategy => order.Sum(row => Array.IndexOf(row, strategy))).Distinct());
        if (seeds % strategies == 0)
            Assert.All(Places(order), count => Assert.Equal(seeds / strategies, count));
        if (seeds % CellOrder.SeedsOfWholeDesign(strategies) == 0)
            Assert.True(Neighbours(order) is var counts && counts.Length == strategies * (strategies - 1) && counts.Distinct().Count() <= 1);
    }

    [Fact]
    public void One_seed_runs_as_the_experiment_says_and_the_second_backwards() =>
        Assert.Equal([[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]], CellOrder.Of(4, 4));

    private static int[] Places(IReadOnlyList<int[]> order) =>
        [.. order.SelectMany(row => row.Select((strategy, place) => (strategy, place))).CountBy(one => one).Select(one => one.Value)];

    private static int[] Neighbours(IReadOnlyList<int[]> order) =>
        [.. order.SelectMany(row => row.Zip(row.Skip(1))).CountBy(pair => pair).Select(pair => pair.Value)];
}
