namespace Daso.Prediction;

/// <summary>What was fitted: a system and the workloads that were measured on it.</summary>
/// <param name="System">The system.</param>
/// <param name="Workloads">By the name of their experiment.</param>
internal sealed record Calibration(SystemSpec System, IReadOnlyList<WorkloadSpec> Workloads)
{
    /// <summary>The ids of the runs that it was fitted to; empty: not known, in files of earlier versions.</summary>
    public IReadOnlyList<string> Runs { get; init => field = value ?? []; } = [];
}
