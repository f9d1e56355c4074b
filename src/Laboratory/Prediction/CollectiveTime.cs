namespace Daso.Prediction;

/// <summary>What a collective takes, one part after the other.</summary>
/// <param name="LatencyNs">Rounds of messages, independent of size.</param>
/// <param name="IntraNs">Bytes inside the node.</param>
/// <param name="InterNs">Bytes between nodes: the time that it occupies a node's cards.</param>
/// <param name="ReduceNs">Arithmetic.</param>
internal readonly record struct CollectiveTime(double LatencyNs, double IntraNs, double InterNs, double ReduceNs)
{
    /// <summary>Their sum.</summary>
    public double TotalNs => LatencyNs + IntraNs + InterNs + ReduceNs;
}
