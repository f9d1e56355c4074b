namespace Daso.Analysis;

/// <summary>A side's unit of resampling: a seed's training, a seed's pair of trainings, or a run.</summary>
/// <param name="Log">The logarithm of its mean step time or of its ratio.</param>
/// <param name="Parts">The trainings that make it, and how much of each one's relative error it takes.</param>
internal sealed record RatioUnit(double Log, IReadOnlyList<(StepBlocks Blocks, double Weight)> Parts)
{
    /// <summary>One training.</summary>
    public static RatioUnit Of(StepBlocks blocks) => new(Math.Log(blocks.MeanNs), [(blocks, 1)]);

    /// <summary>A strategy's training over the baseline's.</summary>
    public static RatioUnit Of(StepBlocks blocks, StepBlocks baseline) =>
        new(Math.Log(blocks.MeanNs / baseline.MeanNs), [(blocks, 1), (baseline, -1)]);

    /// <summary>The mean of units, for example of a run's seeds.</summary>
    public static RatioUnit Mean(IReadOnlyList<RatioUnit> units) => new(
        units.Average(unit => unit.Log),
        [.. units.SelectMany(unit => unit.Parts).Select(part => (part.Blocks, part.Weight / units.Count))]);

    /// <summary>Whether the noise inside all of its trainings is known.</summary>
    public bool HasNoise => Parts.All(part => part.Blocks.HasNoise);

    /// <summary>The variance of what <see cref="Draw"/> gives.</summary>
    public double Variance => Parts.Sum(part => part.Weight * part.Weight * part.Blocks.Variance);

    /// <summary>A random error of the logarithm, from the noise inside the trainings.</summary>
    public double Draw(Random random)
    {
        double sum = 0;
        foreach ((StepBlocks blocks, double weight) in Parts)
            sum += weight * blocks.Draw(random);
        return sum;
    }
}

/// <summary>
/// The hierarchical bootstrap of a ratio of step times: units (seeds or runs) outside, blocks of steps inside. Its random numbers have a
/// seed of their own: the same data give the same interval.
/// </summary>
internal static class RatioBootstrap
{
    private const int Resamples = 2000;
    private const int FewestUnitsAlone = 3;
    private const int Seed = 20_020_730;
    private const double Level = 0.95;

    /// <summary>A strategy's step time over the baseline's, paired by seed.</summary>
    /// <param name="pairs">One a seed, at least one.</param>
    /// <param name="threshold">The difference that matters.</param>
    public static PairedRatio Paired(IReadOnlyList<RatioUnit> pairs, double threshold = PairedRatio.DefaultThreshold) => Ratio(
        [new Side(pairs)], threshold, pairs.Count > 1 ? IntervalScope.Seeds : IntervalScope.OneTraining);

    /// <summary>What the units of one side come to over those of another.</summary>
    /// <param name="units">At least one.</param>
    /// <param name="others">At least one.</param>
    /// <param name="several">What an interval over several units stands for.</param>
    /// <param name="threshold">The difference that matters.</param>
    public static PairedRatio Unpaired(
        IReadOnlyList<RatioUnit> units, IReadOnlyList<RatioUnit> others, IntervalScope several, double threshold)
    {
        double freedom = WelchFreedom(units, others);
        return Ratio(
            [new Side(units, freedom), new Side(others, freedom, -1)],
            threshold,
            Math.Min(units.Count, others.Count) > 1 ? several : IntervalScope.OneTraining);
    }

    /// <summary>
    /// Degrees of freedom of a difference of two means, each with a variance of its own that is estimated from its own units: of Welch
    /// (1947) after Satterthwaite (1946), (Σ vᵢ)² / Σ vᵢ²/(nᵢ − 1) with vᵢ = sᵢ²/nᵢ. A side with one unit shows no variance.
    /// </summary>
    internal static double WelchFreedom(params ReadOnlySpan<IReadOnlyList<RatioUnit>> sides)
    {
        double sum = 0, weighted = 0;
        int most = 1;
        foreach (IReadOnlyList<RatioUnit> units in sides)
        {
            if (units.Count < 2)
                continue;
            double variance = Math.Pow(Statistics.StandardDeviation([.. units.Select(unit => unit.Log)]), 2) / units.Count;
            sum += variance;
            weighted += variance * variance / (units.Count - 1);
            most = Math.Max(most, units.Count - 1);
        }

        return weighted > 0 ? sum * sum / weighted : most;
    }

    private static PairedRatio Ratio(Side[] sides, double threshold, IntervalScope scope)
    {
        double log = sides.Sum(side => side.Sign * side.Mean);
        (double low, double high) = sides.All(side => side.IsNoiseKnown) ? Errors(sides) : (double.NaN, double.NaN);
        return new PairedRatio(
            Math.Exp(log),
            Math.Exp(log + low),
            Math.Exp(log + high),
            Level,
            threshold,
            sides.Min(side => side.Units.Count),
            sides.SelectMany(side => side.Units).SelectMany(unit => unit.Parts).Sum(part => part.Blocks.Count),
            scope);
    }

    /// <summary>Between which errors of the logarithm the middle 95 % of the resamples lie.</summary>
    private static (double Low, double High) Errors(Side[] sides)
    {
        var random = new Random(Seed);
        double[] errors = new double[Resamples];
        for (int i = 0; i < errors.Length; i++)
        {
            foreach (Side side in sides)
                errors[i] += side.Sign * side.Draw(random);
        }

        Array.Sort(errors);
        return (Statistics.QuantileOfSorted(errors, (1 - Level) / 2), Statistics.QuantileOfSorted(errors, (1 + Level) / 2));
    }

    /// <summary>The units that are averaged.</summary>
    private sealed class Side
    {
        // Of a unit's deviation from the mean, widened because units are few, what the noise inside units does not account for.
        private readonly double _betweenScale;

        public Side(IReadOnlyList<RatioUnit> units, double? freedom = null, int sign = 1)
        {
            Units = units;
            Sign = sign;
            Mean = units.Average(unit => unit.Log);
            int count = units.Count;
            if (count < 2)
                return;
            double spread = units.Sum(unit => (unit.Log - Mean) * (unit.Log - Mean)) / (count - 1);
            double inside = units.Average(unit => unit.Variance);
            double widening = NormalTheory.Widening(freedom ?? (count - 1));
            double left = (widening * widening) - (inside / spread);
            _betweenScale = spread > 0 && left > 0 ? Math.Sqrt(left * count / (count - 1)) : 0;
        }

        public IReadOnlyList<RatioUnit> Units { get; }

        public int Sign { get; }

        public double Mean { get; }

        /// <summary>Known from inside the trainings, or else from enough of them.</summary>
        public bool IsNoiseKnown => Units.Count >= FewestUnitsAlone || Units.All(unit => unit.HasNoise);

        /// <summary>
        /// A random error of the mean: every unit's deviation times a normal random number, and the noise inside the unit. Drawing two or
        /// three units with replacement would give a handful of values only.
        /// </summary>
        public double Draw(Random random)
        {
            double sum = 0;
            foreach (RatioUnit unit in Units)
            {
                double between = _betweenScale == 0 ? 0 : _betweenScale * Normal(random) * (unit.Log - Mean);
                sum += between + unit.Draw(random);
            }

            return sum / Units.Count;
        }

        /// <summary>By the method of Box and Muller.</summary>
        private static double Normal(Random random) =>
            Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }
}
