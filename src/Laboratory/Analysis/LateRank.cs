using Daso.Recording;

namespace Daso.Analysis;

/// <summary>
/// The rank that the others wait for. In each operation that ranks begin at different times, all that they wait for each other is put down to
/// the last to come; over a training, ranks of equal speed share it equally.
/// </summary>
/// <param name="Rank">The rank.</param>
/// <param name="Share">Its part of all that ranks waited for each other; 0 to 1.</param>
/// <param name="Ns">Of a step, what a rank waited for it; mean over ranks and steps.</param>
internal sealed record LateRank(int Rank, double Share, double Ns)
{
    /// <summary>Less of a step than this is nobody's concern.</summary>
    private const double LeastOfStep = 0.05;

    /// <summary>Finds it.</summary>
    /// <param name="causedNs">Of each rank, what was waited for it; mean over ranks and steps.</param>
    /// <param name="stepNs">A step's mean time.</param>
    /// <returns>Null: no rank has more than half of what is not every rank's equal part, or it does not matter.</returns>
    internal static LateRank? Of(IReadOnlyList<double> causedNs, double stepNs)
    {
        double sum = causedNs.Sum();
        double most = causedNs.Count < 2 ? 0 : causedNs.Max();
        double equalPart = 1.0 / causedNs.Count;
        return most >= LeastOfStep * stepNs && most > sum * (equalPart + ((1 - equalPart) / 2))
            ? new LateRank(Enumerable.Range(0, causedNs.Count).First(rank => causedNs[rank] == most), most / sum, most)
            : null;
    }

    /// <summary>What a reader of an experiment's table must know: a line a strategy whose trainings all wait for the same rank.</summary>
    internal static IEnumerable<string> Notes(ExperimentSummary experiment, RecordedCluster cluster) =>
        from strategy in experiment.Strategies
        let late = strategy.Cells.Select(cell => cell.Late).ToArray()
        where late is [LateRank first, ..] && late.All(one => one?.Rank == first.Rank)
        select FormattableString.Invariant($"{strategy.Strategy}: ranks wait {Quantity.Duration(late.Average(one => one!.Ns))} a step for ")
            + FormattableString.Invariant($"{cluster.NameOf(late[0]!.Rank)}, {late.Average(one => one!.Share):0%} of all that they wait for each other");
}
