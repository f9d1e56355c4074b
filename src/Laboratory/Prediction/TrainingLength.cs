namespace Daso.Prediction;

/// <summary>How much training is simulated.</summary>
/// <param name="Epochs">Epochs; all ranks meet at the end of each.</param>
/// <param name="StepsPerEpoch">Steps in each.</param>
internal sealed record TrainingLength(int Epochs, int StepsPerEpoch)
{
    /// <summary>All steps.</summary>
    public int Steps => Epochs * StepsPerEpoch;
}
