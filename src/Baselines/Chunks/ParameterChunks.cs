using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// A parameter cut into chunks, as DeMo and SparseLoCo cut it: a matrix (the first dimension by the others) into h × w, a vector into w,
/// with h and w the largest divisors of its sides that are at most a limit. With DCT a chunk is its coefficients, orthonormal, in both directions.
/// </summary>
internal sealed class ParameterChunks : IDisposable
{
    private readonly FlatRange _range;
    private readonly long[] _blocks;
    private readonly Tensor? _rowBasis;
    private readonly Tensor? _columnBasis;

    /// <param name="range">The parameter.</param>
    /// <param name="limit">The largest side of a chunk.</param>
    /// <param name="topK">Elements that are selected of a chunk, or all of a smaller one.</param>
    /// <param name="isTransformed">Whether chunks are DCT coefficients.</param>
    /// <param name="device">Where the parameter lives.</param>
    internal ParameterChunks(ParameterRange range, int limit, int topK, bool isTransformed, Device device)
    {
        _range = new FlatRange(range.Offset, range.Length);
        ChunkShape shape = ChunkShape.Of(new(range.Length, range.Shape.Count > 1 ? range.Shape[0] : null), limit, topK);
        _blocks = [shape.Chunks / (shape.Columns / shape.Width), shape.Height, shape.Columns / shape.Width, shape.Width];
        (Count, Size, Selected) = (shape.Chunks, shape.Height * shape.Width, shape.Selected);
        if (!isTransformed)
            return;
        using Tensor rows = Basis(shape.Height), columns = Basis(shape.Width);
        _rowBasis = rows.to(device).DetachFromDisposeScope();
        _columnBasis = columns.to(device).DetachFromDisposeScope();
    }

    /// <summary>Chunks.</summary>
    internal long Count { get; }

    /// <summary>Elements of each.</summary>
    internal long Size { get; }

    /// <summary>Elements that are selected of each.</summary>
    internal long Selected { get; }

    /// <summary>The parameter's chunks in a flat tensor: a new tensor [Count, Size].</summary>
    internal Tensor Split(FlatTensor flat)
    {
        Tensor blocks = flat.Tensor.narrow(0, _range.Offset, _range.Length).view(_blocks).permute(0, 2, 1, 3);
        Tensor chunks = _rowBasis is null ? blocks : _rowBasis.t().matmul(blocks).matmul(_columnBasis!);
        return chunks.reshape(Count, Size).clone();
    }

    /// <summary>Writes what <see cref="Split"/> would have made of the parameter to a flat tensor.</summary>
    internal void Join(Tensor chunks, FlatTensor flat)
    {
        Tensor blocks = chunks.view(_blocks[0], _blocks[2], _blocks[1], _blocks[3]);
        Tensor values = _rowBasis is null ? blocks : _rowBasis.matmul(blocks).matmul(_columnBasis!.t());
        flat.Tensor.narrow(0, _range.Offset, _range.Length).view(_blocks).copy_(values.permute(0, 2, 1, 3));
    }

    public void Dispose()
    {
        _rowBasis?.Dispose();
        _columnBasis?.Dispose();
    }

    /// <summary>DCT-II, orthonormal: [j, b] = √((b = 0 ? 1 : 2)/n)·cos(π·(2·j + 1)·b/(2·n)).</summary>
    private static Tensor Basis(long n)
    {
        var basis = new float[n * n];
        for (int j = 0; j < n; j++)
        {
            for (int b = 0; b < n; b++)
                basis[(j * n) + b] = (float)(Math.Sqrt((b == 0 ? 1.0 : 2.0) / n) * Math.Cos(Math.PI * ((2 * j) + 1) * b / (2.0 * n)));
        }

        return tensor(basis, [n, n]);
    }
}
