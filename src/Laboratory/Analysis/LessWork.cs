namespace Daso.Analysis;

/// <summary>
/// Finds strategies whose times do not compare because they did less work than the baseline: fewer steps or items, or a quality reached
/// in fewer epochs than the baseline's own spread over seeds allows. The idea is MLPerf's reference convergence points.
/// </summary>
internal static class LessWork
{
    // Epochs are whole: two trainings that end in the same one may still differ by this standard deviation.
    private static readonly double s_rounding = 1 / Math.Sqrt(12);

    /// <summary>Says what is wrong, or null.</summary>
    /// <param name="cells">The strategy's trainings.</param>
    /// <param name="baseline">The baseline's.</param>
    public static string? Find(IReadOnlyList<CellSummary> cells, IReadOnlyList<CellSummary> baseline)
    {
        foreach (CellSummary cell in cells)
        {
            CellSummary? other = baseline.FirstOrDefault(one => one.Seed == cell.Seed);
            if (cell.Steps < other?.Steps)
                return FormattableString.Invariant($"{cell.Steps} steps with seed {cell.Seed}, the baseline {other.Steps}");
            if (cell.Items < other?.Items)
                return FormattableString.Invariant($"{cell.Items} items with seed {cell.Seed}, the baseline {other.Items}");
        }

        // Where it is never reached there is no target, or nothing that is too good.
        if (baseline.Count < 2 || cells.All(cell => cell.EpochsToTarget is null))
            return null;
        double[] epochs = Epochs(cells), reference = Epochs(baseline);
        double spread = Math.Max(s_rounding, Statistics.StandardDeviation(reference));
        double least = Statistics.Mean(reference)
            - (NormalTheory.StudentT(0.975, reference.Length - 1) * spread * Math.Sqrt((1.0 / reference.Length) + (1.0 / epochs.Length)));
        double mean = Statistics.Mean(epochs);
        return mean < least
            ? FormattableString.Invariant(
                $"reached the target in {mean:0.#} epochs; the baseline needs {Statistics.Mean(reference):0.#}{OrMore(baseline)}, at least {least:0.#} by its spread")
            : null;
    }

    private static string OrMore(IReadOnlyList<CellSummary> cells) =>
        cells.Any(cell => cell.EpochsToTarget is null) ? " or more" : "";

    /// <summary>A miss takes more than all epochs: one more is the least that it can be.</summary>
    private static double[] Epochs(IReadOnlyList<CellSummary> cells) =>
        [.. cells.Select(cell => (double)(cell.EpochsToTarget ?? cell.Epochs.Count + 1))];
}
