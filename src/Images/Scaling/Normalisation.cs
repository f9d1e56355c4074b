namespace Daso.Images;

/// <summary>
/// From bytes to inputs by the mean and deviation of ImageNet's training images in 0 … 1, as every published recipe has them: factor · byte +
/// offset, for red, green and blue.
/// </summary>
internal static class Normalisation
{
    private static readonly double[] s_mean = [0.485, 0.456, 0.406];
    private static readonly double[] s_deviation = [0.229, 0.224, 0.225];

    /// <summary>For each colour.</summary>
    internal static readonly float[] Factor = [.. s_deviation.Select(deviation => (float)(1 / (255 * deviation)))];

    /// <summary>For each colour.</summary>
    internal static readonly float[] Offset = [.. s_mean.Zip(s_deviation, (mean, deviation) => (float)(-mean / deviation))];
}
