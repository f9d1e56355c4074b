using Daso.Analysis;

namespace Daso.Prediction.Calibrating;

/// <summary>A cell's prediction beside its measurement.</summary>
/// <param name="Cell">What was measured.</param>
/// <param name="Predicted">What the calibration says.</param>
/// <param name="AtOwnSpeed">The same with computing as fast as in that very cell.</param>
/// <param name="IsFitted">Whether the calibration was fitted to this cell.</param>
internal sealed record CellPrediction(MeasuredCell Cell, SimulatedTraining Predicted, SimulatedTraining AtOwnSpeed, bool IsFitted)
{
    /// <summary>Predicted over measured, less one.</summary>
    public double Error => (Predicted.StepNs / Cell.StepNs) - 1;

    /// <summary>The same of <see cref="AtOwnSpeed"/>.</summary>
    public double ErrorAtOwnSpeed => (AtOwnSpeed.StepNs / Cell.StepNs) - 1;

    /// <summary>The median of errors without their signs; NaN: none.</summary>
    internal static double MedianError(IEnumerable<double> errors) => Statistics.Median([.. errors.Select(Math.Abs)]);
}
