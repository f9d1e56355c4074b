using Daso.Analysis;

namespace Daso.Prediction.Calibrating;

/// <summary>A cell's prediction beside its measurement.</summary>
/// <param name="Cell">What was measured.</param>
/// <param name="Predicted">What the calibration says.</param>
/// <param name="IsFitted">Whether the calibration was fitted to this cell.</param>
internal sealed record CellPrediction(MeasuredCell Cell, SimulatedTraining Predicted, bool IsFitted)
{
    /// <summary>Predicted over measured, less one.</summary>
    public double Error => (Predicted.StepNs / Cell.StepNs) - 1;

    /// <summary>The median of the errors without their signs; NaN: no cells.</summary>
    internal static double MedianError(IEnumerable<CellPrediction> cells) =>
        Statistics.Median([.. cells.Select(cell => Math.Abs(cell.Error))]);
}
