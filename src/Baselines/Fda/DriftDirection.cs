using Daso.Models;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// The linear form: ⟨ξ, d⟩ for a unit vector ξ, whose square is never above ‖mean d‖². ξ points from the average before the last to the
/// last, the first at random.
/// </summary>
internal sealed class DriftDirection : IDriftSummary
{
    private readonly FlatTensor _direction;

    internal DriftDirection(int seed, int length, Device device)
    {
        _direction = new FlatTensor(length, device);
        using var _ = no_grad();
        using var generator = new Generator((ulong)seed, CPU);
        using Tensor random = empty(length).normal_(0, 1, generator);
        _direction.Tensor.copy_(random);
        MakeUnit();
    }

    public int Numbers => 1;

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("direction", _direction)];

    public void Take(Tensor drift, Span<float> numbers)
    {
        using Tensor along = _direction.Tensor.dot(drift);
        numbers[0] = along.item<float>();
    }

    public double SquaredNorm(ReadOnlySpan<float> mean) => (double)mean[0] * mean[0];

    public void Averaged(MasterCopy last)
    {
        last.TakeChange(_direction);
        MakeUnit();
    }

    public void Dispose() => _direction.Dispose();

    /// <summary>A vector of zeros stays one: the estimate is then ‖d‖², which is on the safe side, too.</summary>
    private void MakeUnit()
    {
        using var _ = no_grad();
        using Tensor norm = _direction.Tensor.norm();
        float length = norm.item<float>();
        if (length == 0)
            return;
        using Scalar scale = (1 / length).ToScalar();
        _direction.Tensor.mul_(scale);
    }
}
