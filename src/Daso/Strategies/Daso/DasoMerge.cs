namespace Daso.Strategies;

/// <summary>How a sum of parameters from some batches ago is merged with what a rank's parameters have become since.</summary>
public enum DasoMerge
{
    /// <summary>By the paper's equation 1: x := (f·S·x + Σ x_i) / (f·S + N).</summary>
    Weighted,

    /// <summary>
    /// By what set the rank apart from the mean when it sent: x := x + (1/N)·Σ x_i − x_own. What it has learned since stays whole, where
    /// equation 1 takes it back towards the old mean.
    /// </summary>
    Differences,
}
