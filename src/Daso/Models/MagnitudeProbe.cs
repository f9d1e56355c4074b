using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// Asks a device for the largest magnitude of a flat tensor and reads the answer later, so that neither the rank nor the device waits.
/// </summary>
/// <param name="gpu">The tensor's device.</param>
internal sealed class MagnitudeProbe(IGpu gpu) : IDisposable
{
    private readonly nint _marker = gpu.CreateMarker();
    private readonly Tensor _answer = Pinned();

    /// <summary>Whether an answer is to be read.</summary>
    internal bool IsAsked { get; private set; }

    /// <summary>Queues the question on the compute stream, of the values as they are there now.</summary>
    /// <param name="values">float32 [n], n ≥ 1.</param>
    internal void Ask(Tensor values)
    {
        using (no_grad())
        {
            using Tensor magnitudes = values.abs();
            (Tensor largest, Tensor index) = magnitudes.max(0);
            using (largest)
            using (index)
            using (Tensor place = index.unsqueeze(0))
            using (Tensor value = values.index_select(0, place))
            using (Tensor exactValue = value.to_type(ScalarType.Float64))
            using (Tensor exactPlace = place.to_type(ScalarType.Float64))
            using (Tensor both = cat([exactValue, exactPlace]))
                _answer.copy_(both, true);
        }

        gpu.Mark(_marker, gpu.ComputeStream);
        IsAsked = true;
    }

    /// <summary>Takes the answer; waits for it where the device has not come so far.</summary>
    /// <returns>The element of the largest magnitude, NaN before all others, and its number.</returns>
    internal (float Value, int Index) Take()
    {
        var spin = default(SpinWait);
        while (!gpu.IsReached(_marker))
            spin.SpinOnce();
        IsAsked = false;
        return ((float)_answer.ReadCpuDouble(0), (int)_answer.ReadCpuDouble(1));
    }

    /// <inheritdoc />
    public void Dispose()
    {
        gpu.DestroyMarker(_marker);
        _answer.Dispose();
    }

    private static Tensor Pinned()
    {
        using Tensor pageable = zeros(2, dtype: ScalarType.Float64);
        return (cuda.is_available() ? pageable.pin_memory() : pageable.clone()).DetachFromDisposeScope();
    }
}
