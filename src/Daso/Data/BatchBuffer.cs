using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>The host memory of one batch, filled sample by sample and used again; pinned where a GPU will copy from it.</summary>
internal sealed class BatchBuffer : IDisposable
{
    private readonly int _inputBytes;
    private readonly int _targetCount;

    /// <summary>Makes the tensors.</summary>
    public BatchBuffer(SampleLayout layout, int capacity, Device device)
    {
        Inputs = Make([capacity, .. layout.InputShape], layout.InputType, device);
        Targets = Make([capacity, .. layout.TargetShape], ScalarType.Int64, device);
        _inputBytes = Inputs.bytes.Length / capacity;
        _targetCount = checked((int)Targets.numel()) / capacity;
    }

    /// <summary>[capacity, …]</summary>
    public Tensor Inputs { get; }

    /// <summary>int64 [capacity, …]</summary>
    public Tensor Targets { get; }

    /// <summary>Lets a reader write one sample into a row.</summary>
    public void Fill(int row, SampleReader reader, int sample, int epoch) => reader.Read(
        sample,
        epoch,
        Inputs.bytes.Slice(row * _inputBytes, _inputBytes),
        MemoryMarshal.Cast<byte, long>(Targets.bytes).Slice(row * _targetCount, _targetCount));

    /// <inheritdoc />
    public void Dispose()
    {
        Inputs.Dispose();
        Targets.Dispose();
    }

    private static Tensor Make(long[] shape, ScalarType type, Device device)
    {
        Tensor pageable = empty(shape, dtype: type).DetachFromDisposeScope();
        if (device.type == DeviceType.CPU)
            return pageable;
        using (pageable)
            return pageable.pin_memory().DetachFromDisposeScope();
    }
}
