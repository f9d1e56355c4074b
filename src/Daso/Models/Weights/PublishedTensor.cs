namespace Daso.Models;

/// <summary>How a parameter or buffer stands in a file of published weights.</summary>
/// <param name="Name">Its name there.</param>
public sealed record PublishedTensor(string Name)
{
    /// <summary>Whether the file has rows and columns of a matrix the other way round.</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Dimensions of length 1 that stand before the model's own in the file.</summary>
    public int LeadingOnes { get; init; }
}
