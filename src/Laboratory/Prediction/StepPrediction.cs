namespace Daso.Prediction;

/// <summary>A step's time: by formula where each rank has a processor of its own, else by simulation.</summary>
internal static class StepPrediction
{
    private const int Periods = 25;
    private const int Seeds = 5;

    /// <summary>Predicts a step amid a phase that goes on.</summary>
    /// <exception cref="UserErrorException">A value of the system or the workload is out of its range.</exception>
    public static PredictedStep Of(SystemSpec system, WorkloadSpec workload, ModelledStrategy strategy)
    {
        if (system.SharedCores is null)
            return StepFormula.Predict(system, workload, strategy);

        // A whole number of exchanges, so that the first and the last do not weigh.
        int period = strategy.Program.StepsPerExchange > 1 ? (int)strategy.Program.StepsPerExchange : 4;
        var length = new TrainingLength(1, Periods * period);
        SimulatedTraining[] runs =
            [.. Enumerable.Range(0, Seeds).Select(seed => StepSimulation.Run(system, workload, strategy, length, seed))];
        SimulatedTraining calm = StepSimulation.Run(system with { JitterPerStep = 0, JitterPerRank = 0 }, workload, strategy, length);
        var terms = new StepTerms(
            runs.Average(run => run.Terms.ComputeNs),
            runs.Average(run => run.Terms.LocalSyncNs),
            runs.Average(run => run.Terms.NetworkNs),
            runs.Average(run => run.Terms.CopyNs),
            runs.Average(run => run.Terms.StragglerNs));
        return new PredictedStep(strategy.Name, terms, Math.Min(calm.StepNs, runs.Min(run => run.StepNs)), runs.Max(run => run.StepNs));
    }
}
