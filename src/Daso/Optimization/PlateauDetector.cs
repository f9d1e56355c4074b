namespace Daso.Optimization;

/// <summary>
/// Says when a value that should fall no longer does. It is better than the best one when below best·(1 − threshold), for a negative
/// best below best·(1 + threshold); NaN never is. Values are rounded to float32 first and compared in float32, as the reference
/// implementation of DASO does: the loss of training is a float32, and a tie must fall the same way.
/// </summary>
/// <param name="threshold">The relative improvement that counts, for example 0.05.</param>
/// <param name="patience">Values without improvement that are borne; one more is a plateau.</param>
public sealed class PlateauDetector(double threshold, int patience)
{
    private readonly float _positiveFactor = (float)(1 - threshold);
    private readonly float _negativeFactor = (float)(1 + threshold);

    /// <summary>The best value so far; positive infinity before the first.</summary>
    public float Best { get; private set; } = float.PositiveInfinity;

    /// <summary>Values without improvement since the best one or the last plateau.</summary>
    public int BadEpochs { get; private set; }

    /// <summary>Takes the next value.</summary>
    /// <returns>Whether it has plateaued; counting starts anew then.</returns>
    public bool Observe(double value)
    {
        float rounded = (float)value;
        float bound = Best * (Best < 0 ? _negativeFactor : _positiveFactor);
        if (rounded < bound)
        {
            Best = rounded;
            BadEpochs = 0;
            return false;
        }

        BadEpochs++;
        if (BadEpochs <= patience)
            return false;
        BadEpochs = 0;
        return true;
    }

    /// <summary>Writes <see cref="Best"/> and <see cref="BadEpochs"/>.</summary>
    public void Save(BinaryWriter writer)
    {
        writer.Write(Best);
        writer.Write(BadEpochs);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(BinaryReader reader)
    {
        Best = reader.ReadSingle();
        BadEpochs = reader.ReadInt32();
    }
}
