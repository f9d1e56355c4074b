using TorchSharp;

namespace Daso.Data;

/// <summary>Types and shapes of one sample; a batch puts a dimension in front.</summary>
/// <param name="InputType">Float32 for images, Int64 for tokens.</param>
/// <param name="InputShape">[C, H, W] or [T].</param>
/// <param name="TargetShape">Of int64: [] or [T].</param>
/// <param name="Items">What throughput counts, a sample: 1 image or T tokens.</param>
public sealed record SampleLayout(torch.ScalarType InputType, long[] InputShape, long[] TargetShape, int Items)
{
    /// <summary>Images [C, H, W] with one class each.</summary>
    public static SampleLayout Image(int channels, int height, int width) =>
        new(torch.ScalarType.Float32, [channels, height, width], [], 1);

    /// <summary>Windows of T tokens with the token that follows each.</summary>
    public static SampleLayout Tokens(int length) => new(torch.ScalarType.Int64, [length], [length], length);
}

/// <summary>Makes single samples. Used by one thread at a time.</summary>
public abstract class SampleReader : IDisposable
{
    /// <summary>What a sample looks like.</summary>
    public abstract SampleLayout Layout { get; }

    /// <summary>Writes one sample; the result depends on nothing but the arguments.</summary>
    /// <param name="sample">Its number in the whole data.</param>
    /// <param name="epoch">Seeds augmentation.</param>
    /// <param name="input">The input's memory, of the layout's type and shape, row-major.</param>
    /// <param name="targets">The targets.</param>
    /// <exception cref="UserErrorException">The sample's file is damaged; the message names it.</exception>
    public abstract void Read(int sample, int epoch, Span<byte> input, Span<long> targets);

    /// <inheritdoc />
    public virtual void Dispose()
    {
    }
}
