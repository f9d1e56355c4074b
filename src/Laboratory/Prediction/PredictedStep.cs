namespace Daso.Prediction;

/// <summary>A predicted step, in the mean over many.</summary>
/// <param name="Strategy">The strategy's name.</param>
/// <param name="Terms">What it consists of.</param>
/// <param name="LowNs">Where the uncertain terms turn out well: no jitter, links that are full duplex.</param>
/// <param name="HighNs">Where they turn out badly: σ·√(2·ln p), which bounds the expected wait for the slowest of p.</param>
internal sealed record PredictedStep(string Strategy, StepTerms Terms, double LowNs, double HighNs)
{
    /// <summary>The step.</summary>
    public double StepNs => Terms.TotalNs;
}

/// <summary>The terms of a step; they add up to it.</summary>
/// <param name="ComputeNs">Forward, backward, optimizer and the rest.</param>
/// <param name="LocalSyncNs">Averaging and broadcasting in the node that is not hidden behind backward.</param>
/// <param name="NetworkNs">Exchange between nodes that is waited for.</param>
/// <param name="CopyNs">Packing, unpacking and staging that is not hidden.</param>
/// <param name="StragglerNs">Waiting for slower ranks.</param>
internal sealed record StepTerms(double ComputeNs, double LocalSyncNs, double NetworkNs, double CopyNs, double StragglerNs)
{
    /// <summary>Their sum.</summary>
    public double TotalNs => ComputeNs + LocalSyncNs + NetworkNs + CopyNs + StragglerNs;
}
