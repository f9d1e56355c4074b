namespace Daso.Reproduction;

/// <summary>A share over the unknown terms.</summary>
/// <param name="Nodes">Nodes of the system.</param>
/// <param name="Ideal">With the ideal of every term.</param>
/// <param name="Low">The smallest of all combinations.</param>
/// <param name="High">The largest.</param>
/// <param name="LowTerms">In what the smallest differs from the ideal.</param>
/// <param name="HighTerms">In what the largest differs from the ideal.</param>
internal sealed record PredictedRange(
    int Nodes, double Ideal, double Low, double High, IReadOnlyList<string> LowTerms, IReadOnlyList<string> HighTerms);

/// <summary>What one term does, for each number of nodes.</summary>
/// <param name="Term">The term.</param>
/// <param name="Alone">The saving of the ideal with this term alone.</param>
/// <param name="Withdrawn">
/// The saving of the combination that saves most, without this term; null where that combination does not have it.
/// </param>
internal sealed record TermEffect(string Term, IReadOnlyList<double> Alone, IReadOnlyList<double?> Withdrawn);

/// <summary>The value of one quantity from which on the model reaches the claimed saving, all else ideal.</summary>
/// <param name="Quantity">What is changed, and its range.</param>
/// <param name="Relation">≥ or ≤: from where on the value counts.</param>
/// <param name="Unit">Of the values.</param>
/// <param name="Needed">For each number of nodes; null: never within the range.</param>
internal sealed record Threshold(string Quantity, string Relation, string Unit, IReadOnlyList<double?> Needed);

/// <summary>The paper's comparison as the step-time model sees it.</summary>
/// <param name="Claimed">The saving that is claimed.</param>
/// <param name="Nodes">Numbers of nodes: the order of all lists here.</param>
/// <param name="Saving">What DASO saves of Horovod's training time.</param>
/// <param name="Overhead">Share of Horovod's training time that is not computing.</param>
/// <param name="IdealHours">Training hours of Horovod and DASO in the ideal, computing and communication only.</param>
/// <param name="Terms">What each term does.</param>
/// <param name="Thresholds">What it takes to reach the claim.</param>
internal sealed record SavingPrediction(
    double Claimed,
    IReadOnlyList<int> Nodes,
    IReadOnlyList<PredictedRange> Saving,
    IReadOnlyList<PredictedRange> Overhead,
    IReadOnlyList<IdealHours> IdealHours,
    IReadOnlyList<TermEffect> Terms,
    IReadOnlyList<Threshold> Thresholds)
{
    /// <summary>Predicts it.</summary>
    /// <param name="model">The trainings.</param>
    /// <param name="nodes">Numbers of nodes.</param>
    /// <param name="claimed">The saving that is claimed.</param>
    internal static SavingPrediction Of(TrainingModel model, IReadOnlyList<int> nodes, double claimed)
    {
        (Assumptions Assumptions, PredictedTraining Training)[][] grids =
            [.. nodes.Select(n => AssumptionTerm.Combinations(n).Select(assumptions => (assumptions, model.Predict(assumptions))).ToArray())];
        Assumptions[] best = [.. grids.Select(grid => grid.MaxBy(point => point.Training.Saving).Assumptions)];
        return new SavingPrediction(
            claimed,
            nodes,
            [.. grids.Select(grid => Range(grid, training => training.Saving))],
            [.. grids.Select(grid => Range(grid, training => training.HorovodOverhead))],
            [.. nodes.Select(n => Hours(model.Predict(new Assumptions { Nodes = n })))],
            [.. AssumptionTerm.Unknown.Concat(AssumptionTerm.Method).Select(term => Effect(model, term, nodes, best))],
            [.. ThresholdQuantity.All.Select(quantity => quantity.Find(model, nodes, claimed))]);
    }

    private static PredictedRange Range(
        (Assumptions Assumptions, PredictedTraining Training)[] grid, Func<PredictedTraining, double> figure)
    {
        (Assumptions low, PredictedTraining lowest) = grid.MinBy(point => figure(point.Training));
        (Assumptions high, PredictedTraining highest) = grid.MaxBy(point => figure(point.Training));
        return new PredictedRange(
            low.Nodes, figure(grid[0].Training), figure(lowest), figure(highest), Names(low), Names(high));

        static string[] Names(Assumptions assumptions) => [.. AssumptionTerm.In(assumptions).Select(term => term.Name)];
    }

    private static IdealHours Hours(PredictedTraining training) =>
        new(training.HorovodNs / 3600e9, training.DasoNs / 3600e9, training.ComputeNs / 3600e9);

    private static TermEffect Effect(TrainingModel model, AssumptionTerm term, IReadOnlyList<int> nodes, Assumptions[] best) => new(
        term.Name,
        [.. nodes.Select(n => model.Predict(term.With(new Assumptions { Nodes = n })).Saving)],
        [.. best.Select(assumptions => Withdrawn(model, term, assumptions))]);

    private static double? Withdrawn(TrainingModel model, AssumptionTerm term, Assumptions assumptions) =>
        term.With(assumptions) == assumptions ? model.Predict(term.Without(assumptions)).Saving : null;
}

/// <summary>Training hours in the ideal, computing and communication only.</summary>
/// <param name="Horovod">Horovod's.</param>
/// <param name="Daso">DASO's.</param>
/// <param name="Compute">Of computing alone.</param>
internal sealed record IdealHours(double Horovod, double Daso, double Compute);
