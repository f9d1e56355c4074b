using Daso.Recording;

namespace Daso.Analysis;

/// <summary>Spans of a cell, per rank and step, in nanoseconds: what a prediction of it starts from.</summary>
/// <param name="ForwardNs">Mean of forward.</param>
/// <param name="BackwardNs">Mean of backward.</param>
/// <param name="OptimizerNs">Mean of the update.</param>
/// <param name="OtherNs">Mean of data and of what no span covers, between the steps too.</param>
/// <param name="CopyNs">Mean of one packing or merging, where there was any.</param>
/// <param name="JitterPerStep">Deviation of computing from step to step, as a share.</param>
/// <param name="JitterPerRank">Deviation of the ranks' means, as a share.</param>
internal sealed record PhaseTimes(
    double ForwardNs, double BackwardNs, double OptimizerNs, double OtherNs, double? CopyNs, double JitterPerStep, double JitterPerRank)
{
    /// <summary>Takes them from all ranks of a cell.</summary>
    /// <param name="ranks">Of each rank its times, and its computing of every step.</param>
    public static PhaseTimes Of(IReadOnlyList<(RankTimes Times, Computing Computing)> ranks)
    {
        double steps = Count(SpanKind.Step);
        double Mean(SpanKind kind) => Sum(kind) / steps;
        double other = (ranks.Sum(rank => rank.Times.Epochs.Sum(epoch => (double)epoch.StepsNs)) / steps) - Enum.GetValues<SpanKind>()
            .Where(kind => kind is not (SpanKind.Step or SpanKind.Evaluation or SpanKind.Checkpoint or SpanKind.Data))
            .Sum(Mean);
        double copies = Count(SpanKind.GlobalSend);
        return new PhaseTimes(
            Mean(SpanKind.Forward),
            Mean(SpanKind.Backward),
            Mean(SpanKind.Optimizer),
            Math.Max(0, other),
            copies > 0 ? Sum(SpanKind.GlobalSend) / copies : null,
            Statistics.Median([.. ranks.Select(rank => rank.Computing.Jitter)]),
            PerRank([.. ranks.Select(rank => rank.Computing)]));

        double Sum(SpanKind kind) => ranks.Sum(rank => (double)rank.Times.TotalNs(kind));

        double Count(SpanKind kind) => ranks.Sum(rank => (double)rank.Times.Count(kind));
    }

    /// <summary>The mean over seeds.</summary>
    public static PhaseTimes Mean(IReadOnlyList<PhaseTimes> seeds) => new(
        seeds.Average(seed => seed.ForwardNs),
        seeds.Average(seed => seed.BackwardNs),
        seeds.Average(seed => seed.OptimizerNs),
        seeds.Average(seed => seed.OtherNs),
        seeds.Average(seed => seed.CopyNs),
        seeds.Average(seed => seed.JitterPerStep),
        seeds.Average(seed => seed.JitterPerRank));

    /// <summary>The spread of the ranks' means beyond what their own errors explain.</summary>
    private static double PerRank(Computing[] ranks)
    {
        if (ranks.Length < 2)
            return 0;
        double deviation = Statistics.StandardDeviation([.. ranks.Select(rank => rank.MeanNs)]);
        double noise = ranks.Sum(rank => rank.ErrorNs * rank.ErrorNs) / ranks.Length;
        return Math.Sqrt(Math.Max(0, (deviation * deviation) - noise)) / Statistics.Mean([.. ranks.Select(rank => rank.MeanNs)]);
    }
}

/// <summary>A rank's forward and backward, summed in each step.</summary>
/// <param name="MeanNs">Over steps, nanoseconds.</param>
/// <param name="ErrorNs">The mean's standard error.</param>
/// <param name="Jitter">Deviation from step to step as a share, by the median absolute deviation.</param>
internal readonly record struct Computing(double MeanNs, double ErrorNs, double Jitter)
{
    public static Computing Of(double[] stepsNs) => new(
        Statistics.Mean(stepsNs),
        Statistics.StandardDeviation(stepsNs) / Math.Sqrt(stepsNs.Length),
        NormalTheory.DeviationOfMad * Statistics.MedianAbsoluteDeviation(stepsNs) / Statistics.Median(stepsNs));
}
