namespace Daso.References;

/// <summary>What came out of a comparison with a reference.</summary>
internal enum Outcome
{
    /// <summary>Within the tolerance.</summary>
    Holds,

    /// <summary>Better than the tolerance.</summary>
    Better,

    /// <summary>Outside the tolerance, but what is known does not tell whether it is worse.</summary>
    Unclear,

    /// <summary>Worse than the tolerance.</summary>
    Worse,
}

/// <summary>A figure of a run beside its reference.</summary>
/// <param name="Experiment">The variant.</param>
/// <param name="Reference">The reference.</param>
/// <param name="Measured">The figure, in the reference's unit.</param>
/// <param name="Low">Where its 95 % interval begins; NaN: unknown.</param>
/// <param name="High">Where it ends.</param>
/// <param name="Outcome">What came out.</param>
/// <param name="Note">What there is to say of it; empty: nothing.</param>
internal sealed record ReferenceCheck(
    string Experiment, Reference Reference, double Measured, double Low, double High, Outcome Outcome, string Note)
{
    // Of the ratio's fall, what the strategy's own time must show for it to be called faster.
    private const double ShareOfFall = 2.0 / 3;

    private const string Noisy = "outside the tolerance, but the run is too noisy to tell: repeat it, on a quiet machine or with more seeds";

    /// <summary>Holds a run against references, qualities first.</summary>
    /// <param name="run">The run.</param>
    /// <param name="references">Of its variants.</param>
    /// <exception cref="UserErrorException">
    /// A variant or a strategy has no reference, or one of another specification; or a reference's did not run.
    /// </exception>
    public static IReadOnlyList<ReferenceCheck> Of(RunFigures run, IReadOnlyList<ExperimentReferences> references)
    {
        string[] missing = [.. references.Select(one => one.Name).Except(run.Experiments.Select(experiment => experiment.Name))];
        if (missing.Length > 0)
        {
            throw new UserErrorException(
                $"{run.RunId}: {string.Join(", ", missing)} of the references did not run; run all that have references, or name with "
                    + "--experiments those to check");
        }

        var checks = new List<ReferenceCheck>();
        foreach (ExperimentFigures experiment in run.Experiments)
        {
            ExperimentReferences known = references.FirstOrDefault(one => one.Name == experiment.Name)
                ?? throw new UserErrorException(
                    $"{run.RunId}: no references of {experiment.Name}; there are those of "
                        + $"{string.Join(", ", references.Select(one => one.Name))}; add them with --update");
            if (known.Specification is string specification && specification != experiment.Setting)
            {
                throw new UserErrorException(
                    $"{run.RunId}: {experiment.Name} has another specification, data or cluster ({experiment.Setting[..12]}) than its "
                        + $"references ({specification[..Math.Min(12, specification.Length)]}); run it as they were made, or make new ones "
                        + "with --update");
            }

            checks.AddRange(known.References.Where(reference => !reference.IsForInformation())
                .Select(reference => Judge(experiment, known, reference)));
        }

        return [.. checks.OrderBy(check => check.Reference.Metric != Reference.Quality)];
    }

    /// <summary>What the process ends with: a missed quality counts more than a lost speed.</summary>
    /// <param name="checks">Of all figures.</param>
    /// <param name="isStrict">Whether an unclear one is an alarm, too.</param>
    public static ExitCode ExitCodeOf(IReadOnlyList<ReferenceCheck> checks, bool isStrict = false) =>
        checks.FirstOrDefault(check => check.Outcome == Outcome.Worse) switch
        {
            { Reference.Metric: Reference.Quality } => ExitCode.TargetMissed,
            null when !isStrict || checks.All(check => check.Outcome != Outcome.Unclear) => ExitCode.Done,
            _ => ExitCode.WorseThanReference,
        };

    private static ReferenceCheck Judge(ExperimentFigures experiment, ExperimentReferences known, Reference reference)
    {
        StrategyFigures strategy = StrategyOf(experiment, reference.Strategy);
        double measured = reference.InUnit(strategy.Of(reference.Metric));
        bool isRatio = reference.Metric == Reference.RelativeTraining;
        double low = isRatio ? measured * strategy.RelativeTraining.LowFactor : double.NaN;
        double high = isRatio ? measured * strategy.RelativeTraining.HighFactor : double.NaN;
        (Outcome outcome, string note) = (measured, reference) switch
        {
            _ when double.IsNaN(measured) => (Outcome.Worse, "not measured"),
            _ when measured > reference.Largest() =>
                IsExcused(low <= reference.Value) ? (Outcome.Unclear, Noisy) : (Outcome.Worse, isRatio ? "slower" : "above the tolerance"),
            _ when measured < reference.Smallest() && isRatio =>
                IsExcused(high >= reference.Value) ? (Outcome.Unclear, Noisy) : WhatGotFaster(experiment, known, reference),
            _ when measured < reference.Smallest() => (Outcome.Worse, "below the tolerance"),
            _ => (Outcome.Holds, ""),
        };
        return new ReferenceCheck(experiment.Name, reference, measured, low, high, outcome, note);

        // Noise excuses no change of the size that every reference promises to find.
        bool IsExcused(bool isWithinNoise) =>
            isWithinNoise && Math.Abs(Math.Log(measured / reference.Value)) <= Math.Log(1 + Tolerance.MustFind);
    }

    /// <summary>
    /// A ratio falls when its strategy got faster or when the baseline got slower. Their own times tell; in doubt it is an alarm. Without
    /// references of the times nothing does.
    /// </summary>
    private static (Outcome Outcome, string Note) WhatGotFaster(
        ExperimentFigures experiment, ExperimentReferences known, Reference reference)
    {
        if ((-Change(reference.Strategy), Change(known.Baseline)) is not (double faster, double slower))
            return (Outcome.Unclear, $"faster, or the baseline {known.Baseline} slower: no references of both training times tell which");
        return faster > ShareOfFall * (faster + slower)
            ? (Outcome.Better, "faster; take it up with --update")
            : (Outcome.Worse, $"the baseline {known.Baseline} is slower");

        double? Change(string strategy)
        {
            Reference? time = known.References.FirstOrDefault(one => one.Metric == Reference.TrainingTime && one.Strategy == strategy);
            return time is null ? null : Math.Log(time.InUnit(StrategyOf(experiment, strategy).Of(Reference.TrainingTime)) / time.Value);
        }
    }

    private static StrategyFigures StrategyOf(ExperimentFigures experiment, string name) =>
        experiment.Strategies.FirstOrDefault(strategy => strategy.Strategy == name)
            ?? throw new UserErrorException($"{experiment.Name}: strategy {name} of the references did not run; run it with all of them");
}
