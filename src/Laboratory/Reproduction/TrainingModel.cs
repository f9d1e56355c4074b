using Daso.Prediction;
using Daso.Strategies;

namespace Daso.Reproduction;

/// <summary>Predicts one step; <see cref="StepFormula.Predict"/> outside tests.</summary>
internal delegate PredictedStep StepPredictor(SystemSpec system, WorkloadSpec workload, ModelledStrategy strategy);

/// <summary>The predicted training times under the assumptions.</summary>
/// <param name="HorovodNs">Horovod's.</param>
/// <param name="DasoNs">DASO's.</param>
/// <param name="ComputeNs">Both without anything but computing: no saving can go below it.</param>
internal readonly record struct PredictedTraining(double HorovodNs, double DasoNs, double ComputeNs)
{
    /// <summary>What DASO saves of Horovod's time; negative: it loses.</summary>
    internal double Saving => 1 - (DasoNs / HorovodNs);

    /// <summary>Share of Horovod's time that is not computing.</summary>
    internal double HorovodOverhead => 1 - (ComputeNs / HorovodNs);
}

/// <summary>
/// Training times from step times: the recipe's epochs, each with the step of its phase. DASO's schedule is the project's own
/// (<see cref="DasoSchedule"/>), on a course of the loss that the assumptions name. Data, evaluation and checkpoints cost neither anything.
/// </summary>
internal sealed class TrainingModel
{
    private readonly SystemSpec _system;
    private readonly WorkloadSpec _workload;
    private readonly TrainingRecipe _recipe;
    private readonly StepPredictor _predict;
    private readonly Dictionary<Phase, double> _steps = [];

    /// <param name="system">The described system; scenarios change it.</param>
    /// <param name="workload">A step without communication.</param>
    /// <param name="recipe">Length and schedule.</param>
    /// <param name="predict">The step-time model.</param>
    internal TrainingModel(SystemSpec system, WorkloadSpec workload, TrainingRecipe recipe, StepPredictor predict)
    {
        _system = system;
        _workload = workload;
        _recipe = recipe;
        _predict = predict;
    }

    /// <summary>Predicts both trainings.</summary>
    internal PredictedTraining Predict(Assumptions assumptions)
    {
        int steps = _recipe.SamplesPerEpoch / (_workload.BatchPerRank * _system.RanksPerNode * assumptions.Nodes);
        SystemSpec forHorovod = assumptions.ForHorovod(_system);
        SystemSpec forDaso = assumptions.ForDaso(_system);
        ProgramScope scope = _workload.Scope(_system);
        double horovodNs = StepNs(forHorovod, new Phase("horovod", assumptions), () => assumptions.HorovodStrategy(scope))
            * steps * _recipe.Epochs;
        double dasoNs = 0;
        foreach (DasoSkips scheduled in _recipe.SkipsOfEpochs(assumptions.Loss))
        {
            DasoSkips skips = assumptions.Cycles ? scheduled : default;
            double stepNs = StepNs(forDaso, new Phase("daso", assumptions, skips), () => assumptions.DasoStrategy(skips, scope));
            double lastNs = skips.Global == 0
                ? stepNs
                : StepNs(forDaso, new Phase("last", assumptions), () => Assumptions.LastOfCycling(scope));
            dasoNs += (stepNs * (steps - 1)) + lastNs;
        }

        return new PredictedTraining(horovodNs, dasoNs, _workload.ComputeNs / assumptions.ComputeSpeedup * steps * _recipe.Epochs);
    }

    private double StepNs(SystemSpec system, Phase phase, Func<ModelledStrategy> strategy)
    {
        if (!_steps.TryGetValue(phase, out double stepNs))
            _steps[phase] = stepNs = _predict(system, Faster(phase.Assumptions.ComputeSpeedup), strategy()).StepNs;
        return stepNs;
    }

    private WorkloadSpec Faster(double factor) => _workload with
    {
        ForwardNs = _workload.ForwardNs / factor,
        BackwardNs = _workload.BackwardNs / factor,
        OptimizerNs = _workload.OptimizerNs / factor,
        OtherNs = _workload.OtherNs / factor,
    };

    /// <summary>Which step under which assumptions; a program itself is no key.</summary>
    private readonly record struct Phase(string Name, Assumptions Assumptions, DasoSkips Skips = default);
}
