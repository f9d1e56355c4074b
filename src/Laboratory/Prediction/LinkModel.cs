namespace Daso.Prediction;

/// <summary>A link in one direction: a message of n bytes takes α + n/B (Hockney's model; α = L + 2o and 1/B = G of LogGP).</summary>
/// <param name="LatencyNs">α.</param>
/// <param name="BytesPerSecond">B.</param>
internal sealed record LinkModel(double LatencyNs, double BytesPerSecond)
{
    /// <summary>Nanoseconds that bytes need without latency.</summary>
    public double TransferNs(double bytes) => bytes / BytesPerSecond * 1e9;
}
