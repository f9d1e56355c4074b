using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>Tensors as little-endian bytes of a file, row-major, in blocks: a span of bytes ends at 2 GiB.</summary>
internal static class TensorBytes
{
    private const int BlockElements = 1 << 24;

    /// <summary>Writes a tensor from any device.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="isTransposed">Whether columns come before rows.</param>
    internal static void Write(Stream stream, Tensor tensor, bool isTransposed = false)
    {
        using Tensor turned = isTransposed ? tensor.t() : tensor.alias();
        using Tensor host = turned.cpu();
        using Tensor packed = host.contiguous();
        foreach (Tensor block in Blocks(packed))
            stream.Write(block.bytes);
    }

    /// <summary>Fills a tensor on any device.</summary>
    /// <param name="stream">Where from.</param>
    /// <param name="tensor">The tensor.</param>
    /// <param name="type">The numbers' format in the stream.</param>
    /// <param name="isTransposed">Whether columns come before rows there.</param>
    /// <exception cref="EndOfStreamException">There is less.</exception>
    internal static void Read(Stream stream, Tensor tensor, ScalarType type, bool isTransposed = false)
    {
        using var _ = no_grad();
        using Tensor host = empty(isTransposed ? [.. tensor.shape.Reverse()] : tensor.shape, type, CPU);
        foreach (Tensor block in Blocks(host))
            stream.ReadExactly(block.bytes);
        using Tensor turned = isTransposed ? host.t() : host.alias();
        tensor.copy_(turned);
    }

    /// <summary>A block is valid until the next.</summary>
    private static IEnumerable<Tensor> Blocks(Tensor tensor)
    {
        using Tensor line = tensor.view(-1);
        for (long start = 0; start < line.numel(); start += BlockElements)
        {
            using Tensor block = line.narrow(0, start, Math.Min(BlockElements, line.numel() - start));
            yield return block;
        }
    }
}
