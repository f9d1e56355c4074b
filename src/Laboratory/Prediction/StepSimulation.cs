using Daso.Prediction.Simulation;

namespace Daso.Prediction;

/// <summary>
/// A training as discrete events, where <see cref="StepFormula"/> is too coarse: shared links and cores, drift of the ranks, phases.
/// </summary>
internal static class StepSimulation
{
    /// <summary>Simulates a training.</summary>
    /// <param name="system">On what.</param>
    /// <param name="workload">A step's computing.</param>
    /// <param name="strategy">With which communication.</param>
    /// <param name="length">How many steps.</param>
    /// <param name="seed">Of the jitter: the same seed gives the same times.</param>
    /// <exception cref="UserErrorException">A value of the system or the workload is out of its range.</exception>
    public static SimulatedTraining Run(
        SystemSpec system, WorkloadSpec workload, ModelledStrategy strategy, TrainingLength length, int seed = 0)
    {
        system.Validate();
        workload.Validate();
        var cluster = new SimulatedCluster(system);
        cluster.Run(new RankPrograms(system, workload, length, cluster, seed).Of(strategy));
        double perRankAndStep = 1.0 / ((double)system.Ranks * length.Steps);
        double Mean(Term term) => cluster.BookedNs(term) * perRankAndStep;
        return new SimulatedTraining(
            cluster.LastRankNs,
            length.Steps,
            new StepTerms(
                Mean(Term.Compute), Mean(Term.LocalSync), Mean(Term.Network), Mean(Term.Copy), Mean(Term.Straggler)));
    }
}

/// <summary>A simulated training.</summary>
/// <param name="TrainingNs">Until the last rank's last step.</param>
/// <param name="Steps">Of each rank.</param>
/// <param name="Terms">A step's terms, in the mean over ranks and steps.</param>
internal sealed record SimulatedTraining(double TrainingNs, int Steps, StepTerms Terms)
{
    /// <summary>A step, in the mean.</summary>
    public double StepNs => TrainingNs / Steps;
}
