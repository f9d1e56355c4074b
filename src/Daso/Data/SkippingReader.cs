namespace Daso.Data;

/// <summary>Makes samples of data that some were taken out of: those that are left are numbered through.</summary>
internal sealed class SkippingReader : SampleReader
{
    private readonly SampleReader _inner;
    private readonly int[] _leftOut;

    private SkippingReader(SampleReader inner, int[] leftOut) => (_inner, _leftOut) = (inner, leftOut);

    /// <inheritdoc />
    public override SampleLayout Layout => _inner.Layout;

    /// <summary>A reader of what is left; owns the other.</summary>
    /// <param name="inner">Reads by the numbers of all samples.</param>
    /// <param name="leftOut">Ascending.</param>
    public static SampleReader Around(SampleReader inner, int[] leftOut) => leftOut.Length == 0 ? inner : new SkippingReader(inner, leftOut);

    /// <inheritdoc />
    public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
    {
        foreach (int leftOut in _leftOut)
        {
            if (leftOut > sample)
                break;
            sample++;
        }

        _inner.Read(sample, epoch, input, targets);
    }

    /// <inheritdoc />
    public override void Dispose() => _inner.Dispose();
}
