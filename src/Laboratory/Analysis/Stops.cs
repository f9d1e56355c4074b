using System.Text.Json.Serialization;

namespace Daso.Analysis;

/// <summary>
/// Where a training's processes were stopped from outside (SIGSTOP, a suspended job, a frozen container) and went on. No time counts
/// the stop itself; the steps that it fell into are left out of what is said of steps, because ranks do not go on at the same moment.
/// </summary>
/// <param name="StoppedNs">How long, on the rank that was stopped the longest.</param>
/// <param name="Steps">Steps that are left out.</param>
internal sealed record Stops(double StoppedNs, int Steps)
{
    /// <summary>Which steps are left out.</summary>
    [JsonIgnore]
    internal IReadOnlySet<int> LeftOut { get; private init; } = new HashSet<int>();

    /// <summary>Of one training; null: it was not stopped.</summary>
    internal static Stops? Of(IReadOnlyList<RankMetrics> ranks)
    {
        var leftOut = new HashSet<int>();
        double longestNs = 0;
        foreach (RankMetrics rank in ranks)
        {
            leftOut.UnionWith(rank.Stops.Select(stop => stop.Step));
            longestNs = Math.Max(longestNs, rank.Stops.Sum(stop => stop.Ns));
        }

        return leftOut.Count == 0 ? null : new Stops(longestNs, leftOut.Count) { LeftOut = leftOut };
    }

    /// <summary>What a reader of an experiment's table must know, a line a training.</summary>
    internal static IEnumerable<string> Notes(ExperimentSummary experiment) =>
        from strategy in experiment.Strategies
        from cell in strategy.Cells
        let stops = cell.Stops
        where stops is not null
        select FormattableString.Invariant($"{strategy.Strategy}, seed {cell.Seed} was stopped from outside for {Quantity.Duration(stops.StoppedNs)}: ")
            + FormattableString.Invariant($"no time counts that, and {stops.Steps} of {cell.Steps} steps are left out of the times of steps");
}
