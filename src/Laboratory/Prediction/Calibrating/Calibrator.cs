namespace Daso.Prediction.Calibrating;

/// <summary>
/// Fits a system and its workloads to measured cells. Computing times, jitter and the copy rate are means of spans. γ, the overhead of an
/// operation and each model's φ (<see cref="WorkloadSpec.WithParameterShare"/>), which no span shows alone, are those with which the
/// simulated steps are nearest to the measured ones (least squares of the logarithm of their ratio), with computing as fast as in each
/// cell. All are the same for all strategies and links.
/// </summary>
internal static class Calibrator
{
    private const int Rounds = 4;
    private const double LargestReduceNsPerByte = 20;
    private const double LargestOverheadNs = 20e6;
    private const double LargestJitter = 0.4;

    /// <summary>Fits.</summary>
    /// <param name="cells">Of one kind of cluster; links may differ.</param>
    /// <exception cref="UserErrorException">The cells are of different clusters.</exception>
    internal static Calibration Fit(IReadOnlyList<MeasuredCell> cells)
    {
        SystemSpec shape = cells[0].System;
        if (cells.FirstOrDefault(cell => cell.System with { InterNode = shape.InterNode, Source = shape.Source } != shape) is { } other)
            throw new UserErrorException($"{other.Run}: another cluster than {cells[0].Run}; calibrate and validate with one");

        SystemSpec system = shape with
        {
            Source = $"fitted to {string.Join(", ", cells.Select(cell => cell.System.Source).Distinct())}",
            JitterPerStep = Jitter(cells, phases => phases.JitterPerStep),
            JitterPerRank = Jitter(cells, phases => phases.JitterPerRank),
            CopyBytesPerSecond = CopyRate(cells),
        };
        WorkloadSpec[] byOperations = [.. cells.GroupBy(cell => cell.Experiment).Select(experiment => Workload([.. experiment]))];
        var workloads = (WorkloadSpec[])byOperations.Clone();
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < workloads.Length; i++)
            {
                WorkloadSpec workload = byOperations[i];
                MeasuredCell[] own = [.. cells.Where(cell => cell.Experiment == workload.Name)];
                double share = Minimum(1, value => Error(system, [workload.WithParameterShare(value)], own));
                workloads[i] = workload.WithParameterShare(share) with
                {
                    Source = FormattableString.Invariant($"{workload.Source}; φ {share:0.00}"),
                };
            }

            system = system with
            {
                ReduceNsPerByte = Minimum(
                    LargestReduceNsPerByte, value => Error(system with { ReduceNsPerByte = value }, workloads, cells)),
            };
            system = system with
            {
                OverheadNs = Minimum(LargestOverheadNs, value => Error(system with { OverheadNs = value }, workloads, cells)),
            };
        }

        return new Calibration(system, workloads);
    }

    /// <summary>The predicted step of a cell: the fitted system with the cell's own link.</summary>
    /// <exception cref="UserErrorException">The calibration lacks the cell's experiment.</exception>
    internal static SimulatedTraining Predict(Calibration calibration, MeasuredCell cell) =>
        Predict(calibration.System, Workload(calibration.Workloads, cell), cell);

    /// <summary>
    /// The same with computing as fast as it was in that very cell, by its forward spans, in which nothing communicates. It says how good
    /// the model of communication is where the machine's speed changes from cell to cell; it is no prediction.
    /// </summary>
    /// <exception cref="UserErrorException">The calibration lacks the cell's experiment.</exception>
    internal static SimulatedTraining PredictAtOwnSpeed(Calibration calibration, MeasuredCell cell) =>
        Predict(calibration.System, AtSpeedOf(cell, Workload(calibration.Workloads, cell)), cell);

    private static SimulatedTraining Predict(SystemSpec system, WorkloadSpec workload, MeasuredCell cell) =>
        StepSimulation.Run(system with { InterNode = cell.System.InterNode }, workload, cell.Model, cell.Length);

    private static WorkloadSpec AtSpeedOf(MeasuredCell cell, WorkloadSpec workload)
    {
        double factor = cell.Phases.ForwardNs / (workload.ForwardNs * cell.RanksPerCore);
        return workload with
        {
            ForwardNs = workload.ForwardNs * factor,
            BackwardNs = workload.BackwardNs * factor,
            OptimizerNs = workload.OptimizerNs * factor,
            OtherNs = workload.OtherNs * factor,
        };
    }

    private static WorkloadSpec Workload(IReadOnlyList<WorkloadSpec> workloads, MeasuredCell cell)
    {
        return workloads.FirstOrDefault(one => one.Name == cell.Experiment) ?? throw new UserErrorException(
            $"{cell.Run}: {cell.Experiment} is not in the calibration; there are {string.Join(", ", workloads.Select(one => one.Name))}");
    }

    /// <summary>Mean over the cells of the squared logarithm of predicted over measured.</summary>
    private static double Error(SystemSpec system, WorkloadSpec[] workloads, IReadOnlyList<MeasuredCell> cells) => cells
        .AsParallel()
        .AsOrdered()
        .Select(cell => Math.Log(Predict(system, AtSpeedOf(cell, Workload(workloads, cell)), cell).StepNs / cell.StepNs))
        .ToArray()
        .Average(error => error * error);

    /// <summary>
    /// Computing times without contention, from the cells that do not communicate, or from all where there are none. Ranks that share
    /// cores all compute at once there, so that each takes as many times longer as there are ranks to a core.
    /// </summary>
    private static WorkloadSpec Workload(MeasuredCell[] cells)
    {
        MeasuredCell[] sources = Undisturbed(cells);
        double Mean(Func<PhaseTimes, double> phase) => sources.Average(cell => phase(cell.Phases) / cell.RanksPerCore);
        return new WorkloadSpec
        {
            Name = cells[0].Experiment,
            Source = $"spans of {string.Join(", ", sources.Select(cell => $"{cell.Strategy} in {cell.System.Source}"))}",
            Gradients = cells[0].Gradients,
            ForwardNs = Mean(phases => phases.ForwardNs),
            BackwardNs = Mean(phases => phases.BackwardNs),
            OptimizerNs = Mean(phases => phases.OptimizerNs),
            OtherNs = Mean(phases => phases.OtherNs),
        };
    }

    private static double Jitter(IReadOnlyList<MeasuredCell> cells, Func<PhaseTimes, double> jitter) =>
        Math.Min(LargestJitter, Undisturbed(cells).Average(cell => jitter(cell.Phases)));

    private static MeasuredCell[] Undisturbed(IReadOnlyList<MeasuredCell> cells)
    {
        MeasuredCell[] alone = [.. cells.Where(cell => !cell.Model.Program.Communicates)];
        return alone.Length > 0 ? alone : [.. cells];
    }

    /// <summary>Bytes of float32 over the time of packing them.</summary>
    private static double? CopyRate(IReadOnlyList<MeasuredCell> cells)
    {
        double[] rates = [.. cells.Where(cell => cell.Phases.CopyNs > 0)
            .Select(cell => cell.Gradients.Sum(one => one.Elements) * sizeof(float) / cell.Phases.CopyNs!.Value * 1e9)];
        return rates.Length == 0 ? null : rates.Average();
    }

    /// <summary>
    /// Where a function on 0 … largest is smallest: on a grid of equal ratios and 0, then between its neighbours (golden section).
    /// </summary>
    private static double Minimum(double largest, Func<double, double> function)
    {
        const int Decades = 4;
        double[] grid = [0, .. Enumerable.Range(0, (2 * Decades) + 1).Select(i => largest * Math.Pow(10, (i / 2.0) - Decades))];
        double[] values = [.. grid.Select(function)];
        int best = Array.IndexOf(values, values.Min());
        double low = grid[Math.Max(0, best - 1)];
        double high = grid[Math.Min(grid.Length - 1, best + 1)];
        double golden = (Math.Sqrt(5) - 1) / 2;
        for (int i = 0; i < 8; i++)
        {
            double left = high - (golden * (high - low));
            double right = low + (golden * (high - low));
            if (function(left) <= function(right))
                high = right;
            else
                low = left;
        }

        double middle = (low + high) / 2;
        return function(middle) <= values[best] ? middle : grid[best];
    }
}
