using System.Globalization;

namespace Daso.Reproduction;

/// <summary>
/// Compares what was measured with what is claimed. Every seed has to show the claim: a median that does while a seed does not is no
/// reproduction. Predictions never make one.
/// </summary>
internal static class ClaimRule
{
    /// <param name="claim">The claim.</param>
    /// <param name="measured">What runs in its setting measured.</param>
    /// <param name="predicted">What the model says; empty: nothing.</param>
    internal static ClaimFinding Judge(Claim claim, IReadOnlyList<Measured> measured, IReadOnlyList<PredictedRange> predicted)
    {
        Measured[] usable = [.. measured.Where(run => run.Values.Count > 0)];
        if (usable.Length == 0)
        {
            string disturbed = measured.Count == 0 ? ""
                : $"the machine did other work meanwhile in {string.Join(", ", measured.Select(run => run.Run))}; ";
            if (predicted.Count > 0)
                return new ClaimFinding(ClaimStatus.PredictedOnly, $"{disturbed}{OfPrediction(claim, predicted)}; a run needs {claim.Check.Needs}");
            ClaimStatus verdict = claim.Check.RunsAnywhere ? ClaimStatus.NotTried : ClaimStatus.CannotBeTried;
            return new ClaimFinding(verdict, $"{disturbed}needs {claim.Check.Needs}");
        }

        return claim.Bound == ClaimBound.UpTo ? JudgeBest(claim, usable) : JudgeEach(claim, usable);
    }

    /// <summary>The same for a claimed sequence.</summary>
    internal static ClaimFinding JudgeSequence(Claim claim, IReadOnlyList<int> measured) => measured.SequenceEqual(claim.Sequence)
        ? new ClaimFinding(ClaimStatus.Reproduced, "this project's schedule does the same")
        : new ClaimFinding(ClaimStatus.NotReproduced, "this project's schedule does otherwise");

    /// <summary>Whether a figure is as claimed, within the tolerance.</summary>
    internal static bool Holds(Claim claim, double value) => claim.Value is double claimed && claim.Bound switch
    {
        ClaimBound.UpTo or ClaimBound.AtLeast => value >= claimed - claim.Tolerance,
        ClaimBound.AtMost => value <= claimed + claim.Tolerance,
        _ => Math.Abs(value - claimed) <= claim.Tolerance,
    };

    private static bool Shows(Claim claim, Measured run) => run.Values.All(value => Holds(claim, value));

    /// <summary>One number of nodes is enough; on it every seed of every run counts.</summary>
    private static ClaimFinding JudgeBest(Claim claim, IReadOnlyList<Measured> measured)
    {
        if (measured.GroupBy(run => run.Nodes).FirstOrDefault(nodes => nodes.All(run => Shows(claim, run))) is { } reached)
            return new ClaimFinding(ClaimStatus.Reproduced, FormattableString.Invariant($"reached on {reached.Key} nodes"));
        int[] tried = [.. measured.Select(run => run.Nodes).Distinct().Order()];
        int[] untried = [.. claim.Setting.Nodes.Except(tried)];
        string rest = untried.Length == 0 ? "" : $"; not tried on {string.Join(", ", untried)}";
        return new ClaimFinding(ClaimStatus.NotReproduced, $"not reached on {string.Join(", ", tried)} nodes{rest}");
    }

    private static ClaimFinding JudgeEach(Claim claim, IReadOnlyList<Measured> measured)
    {
        Measured[] shows = [.. measured.Where(run => Shows(claim, run))];
        int seeds = measured.Sum(run => run.Values.Count);
        if (shows.Length == measured.Count)
        {
            string every = seeds == 1 ? "one seed only" : FormattableString.Invariant($"each of {seeds} trainings");
            return new ClaimFinding(ClaimStatus.Reproduced, $"{every} shows it");
        }

        return new ClaimFinding(
            ClaimStatus.NotReproduced, $"not every seed shows it in {string.Join(", ", measured.Except(shows).Select(run => run.Run))}");
    }

    /// <summary>Whether the model reaches the claim: its ideal, some combination of the unknown terms, or none.</summary>
    private static string OfPrediction(Claim claim, IReadOnlyList<PredictedRange> predicted)
    {
        PredictedRange best = predicted.MaxBy(range => range.High)!;
        if (predicted.Any(range => range.Ideal >= claim.Value))
            return "the model reaches it on an ideal network";
        string terms = best.HighTerms.Count == 0 ? "the ideal of all terms" : string.Join("; ", best.HighTerms);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"the model reaches {(best.High >= claim.Value ? "it" : "less:")} {best.High * 100:0.#} % on {best.Nodes} nodes with {terms}");
    }
}
