using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>
/// Hands a filled buffer to the training on its device: the buffer itself on the CPU, else a copy in tensors made once. The copy is
/// finished on return: TorchSharp has no events that could tell later when the pinned memory may be filled again.
/// </summary>
internal sealed class BatchDelivery : IDisposable
{
    private readonly SampleLayout _layout;
    private readonly int _capacity;
    private readonly Tensor? _deviceInputs;
    private readonly Tensor? _deviceTargets;
    private Tensor? _partInputs;
    private Tensor? _partTargets;

    /// <summary>Makes the device's tensors.</summary>
    public BatchDelivery(SampleLayout layout, int capacity, Device device)
    {
        _layout = layout;
        _capacity = capacity;
        if (device.type == DeviceType.CPU)
            return;
        _deviceInputs = zeros([capacity, .. layout.InputShape], dtype: layout.InputType, device: device).DetachFromDisposeScope();
        _deviceTargets = zeros([capacity, .. layout.TargetShape], dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();
    }

    /// <summary>The first rows of a buffer as a batch, valid until the next call.</summary>
    public Batch Deliver(BatchBuffer buffer, int length)
    {
        DisposeParts();
        _deviceInputs?.copy_(buffer.Inputs);
        _deviceTargets?.copy_(buffer.Targets);
        Tensor inputs = _deviceInputs ?? buffer.Inputs;
        Tensor targets = _deviceTargets ?? buffer.Targets;
        if (length < _capacity)
        {
            inputs = _partInputs = inputs.narrow(0, 0, length).DetachFromDisposeScope();
            targets = _partTargets = targets.narrow(0, 0, length).DetachFromDisposeScope();
        }

        return new Batch(inputs, targets, length * _layout.Items);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        DisposeParts();
        _deviceInputs?.Dispose();
        _deviceTargets?.Dispose();
    }

    private void DisposeParts()
    {
        _partInputs?.Dispose();
        _partTargets?.Dispose();
    }
}
