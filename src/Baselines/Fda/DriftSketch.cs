using Daso.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// The AMS sketch (Alon, Matias, Szegedy, STOC 1996): in each of 5 rows, with random signs s of its own, Σ s_i·d_i over the elements i of
/// each of 250 buckets. A row's sum of squares is ‖d‖² in the mean; the median of the rows over 1 + ε is taken. Buckets are i mod 250 and
/// ε = 1/√250, which are our choices.
/// </summary>
internal sealed class DriftSketch : IDriftSummary
{
    private const int Rows = 5;
    private const int Width = 250;

    private readonly Tensor _signs;

    internal DriftSketch(int seed, int length, Device device)
    {
        using var _ = no_grad();
        using var generator = new Generator((ulong)seed, CPU);
        using Tensor random = empty(Rows, length).uniform_(-1, 1, generator);
        _signs = random.sign_().to(ScalarType.Int8, device).DetachFromDisposeScope();
    }

    /// <summary>The sketch's numbers, and ‖d‖².</summary>
    internal const int NumbersWithNorm = 1 + (Rows * Width);

    public int Numbers => Rows * Width;

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [];

    public void Take(Tensor drift, Span<float> numbers)
    {
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        long whole = drift.numel() / Width * Width;
        Tensor sketch = zeros(Rows, Width, device: drift.device);
        for (int row = 0; row < Rows; row++)
        {
            Tensor signed = _signs[row].mul(drift), sums = sketch[row];
            sums.copy_(signed.narrow(0, 0, whole).view(-1, Width).sum(0));
            sums.narrow(0, 0, drift.numel() - whole).add_(signed.narrow(0, whole, drift.numel() - whole));
        }

        sketch.cpu().view(-1).data<float>().CopyTo(numbers);
    }

    public double SquaredNorm(ReadOnlySpan<float> mean)
    {
        Span<double> squares = stackalloc double[Rows];
        for (int i = 0; i < mean.Length; i++)
            squares[i / Width] += (double)mean[i] * mean[i];
        squares.Sort();
        return squares[Rows / 2] / (1 + (1 / Math.Sqrt(Width)));
    }

    public void Dispose() => _signs.Dispose();
}
