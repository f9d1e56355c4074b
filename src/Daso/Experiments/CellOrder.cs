namespace Daso.Experiments;

/// <summary>
/// In which order the strategies run for each seed, so that none is favoured by its place: neither by a drift of the machine nor by what ran
/// just before it. Rows of a Williams design (E. J. Williams, Australian Journal of Scientific Research A 2, 1949): a Latin square in
/// which each strategy follows each other one equally often. Of an even number of strategies it has as many rows as there are strategies,
/// of an odd number twice as many, every row and its mirror image.
/// </summary>
internal static class CellOrder
{
    /// <summary>
    /// The order of each seed. Two seeds in a row run in opposite orders, which evens out a steady drift. Every place is taken equally often
    /// where the seeds are a multiple of the strategies, and every neighbour, too, where they are a multiple of the whole design.
    /// </summary>
    /// <param name="strategies">How many; at least 1.</param>
    /// <param name="seeds">How many.</param>
    /// <returns>For each seed the strategies, from 0, by place. The first row is 0, 1, 2, ….</returns>
    internal static IReadOnlyList<int[]> Of(int strategies, int seeds)
    {
        int[] zigzag = [.. Enumerable.Range(0, strategies).Select(place => place % 2 == 1 ? (place + 1) / 2 : (strategies - (place / 2)) % strategies)];
        int[] nameOf = new int[strategies];
        for (int place = 0; place < strategies; place++)
            nameOf[zigzag[place]] = place;

        // An odd number of seeds cannot all have their mirror image; a square of rows without them is as balanced in places.
        int alone = strategies % 2 == 1 && seeds % 2 == 1 && seeds >= strategies ? strategies : 0;
        return
        [
            .. Enumerable.Range(0, alone).Select(Row),
            .. Enumerable.Range(0, seeds - alone).Select(i => i % 2 == 0 ? Row(i / 2) : [.. Row(i / 2).Reverse()]),
        ];

        int[] Row(int number) => [.. zigzag.Select(one => nameOf[(one + number) % strategies])];
    }

    /// <summary>Seeds of a whole design.</summary>
    internal static int SeedsOfWholeDesign(int strategies) => strategies % 2 == 0 || strategies == 1 ? strategies : 2 * strategies;
}
