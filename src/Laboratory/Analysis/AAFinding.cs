namespace Daso.Analysis;

/// <summary>What an A/A test shows: how far equal trainings lie apart on this machine, and so what it can tell apart.</summary>
/// <param name="Pairs">Each name against each earlier one.</param>
/// <param name="Places">Of each place in a seed's order, the step time over the geometric mean of the seed's trainings; mean over seeds.</param>
/// <param name="Seeds">Seeds of which all trainings are complete.</param>
/// <param name="Steps">Steps of a training.</param>
internal sealed record AAFinding(IReadOnlyList<AAPair> Pairs, IReadOnlyList<double> Places, int Seeds, int Steps)
{
    /// <summary>The greatest ratio that would be called faster, had its interval the width of the widest here; NaN: there is no interval.</summary>
    public double Faster => (1 - PairedRatio.DefaultThreshold) / Widening;

    /// <summary>The smallest ratio that would be called slower, likewise.</summary>
    public double Slower => (1 + PairedRatio.DefaultThreshold) * Widening;

    /// <summary>Whether equal trainings were told apart.</summary>
    public bool IsBiased => Pairs.Any(pair => pair.Ratio.Verdict is Verdict.Faster or Verdict.Slower);

    /// <summary>From an interval's middle to its end, as a factor.</summary>
    private double Widening => Pairs.Max(pair => Math.Sqrt(pair.Ratio.High / pair.Ratio.Low));

    /// <summary>Compares the trainings of an experiment whose strategies are all the same.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="order">Its trainings as they ran.</param>
    /// <returns>Null: no seed has all its trainings.</returns>
    public static AAFinding? Of(ExperimentSummary experiment, IReadOnlyList<(string Strategy, int Seed)> order)
    {
        Dictionary<(string Strategy, int Seed), StepBlocks> blocks = new(
            from strategy in experiment.Strategies
            from cell in strategy.Cells
            where cell.Blocks is not null
            select KeyValuePair.Create((strategy.Strategy, cell.Seed), cell.Blocks));
        (string Strategy, int Seed)[][] seeds = [.. order.GroupBy(cell => cell.Seed, (_, cells) => cells.ToArray()).Where(cells => cells.All(blocks.ContainsKey))];
        if (seeds.Length == 0)
            return null;
        StrategySummary[] names = [.. experiment.Strategies];
        return new AAFinding(
            [
                .. from i in Enumerable.Range(0, names.Length)
                   from j in Enumerable.Range(0, i)
                   select new AAPair(
                       names[i].Strategy, names[j].Strategy, RatioBootstrap.Paired(StrategySummary.PairsOf(names[i].Cells, names[j].Cells))),
            ],
            [.. Enumerable.Range(0, names.Length).Select(place => Math.Exp(seeds.Average(cells =>
                Math.Log(blocks[cells[place]].MeanNs) - cells.Average(cell => Math.Log(blocks[cell].MeanNs)))))],
            seeds.Length,
            names[0].Cells[0].Steps);
    }
}

/// <summary>Two names of one strategy.</summary>
/// <param name="Name">The one.</param>
/// <param name="Over">The other.</param>
/// <param name="Ratio">The one's step time over the other's.</param>
internal readonly record struct AAPair(string Name, string Over, PairedRatio Ratio);
