using Daso.Gpu;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>
/// Hands a filled buffer to the training on its device: the buffer itself on the CPU, else a copy that runs beside the computation.
/// </summary>
internal sealed class BatchDelivery : IDisposable
{
    private readonly SampleLayout _layout;
    private readonly int _capacity;
    private readonly BatchUpload? _upload;
    private Tensor? _partInputs;
    private Tensor? _partTargets;

    /// <summary>Makes the device's tensors.</summary>
    public BatchDelivery(SampleLayout layout, int capacity, Device device)
    {
        _layout = layout;
        _capacity = capacity;
        if (device.type != DeviceType.CPU)
            _upload = new BatchUpload(new CudaGpu(device.index), layout, capacity, device);
    }

    /// <summary>The first rows of a buffer as a batch, valid until the next call.</summary>
    public Batch Deliver(BatchBuffer buffer, int length)
    {
        DisposeParts();
        (Tensor inputs, Tensor targets) = _upload?.Upload(buffer) ?? (buffer.Inputs, buffer.Targets);
        if (length < _capacity)
        {
            inputs = _partInputs = inputs.narrow(0, 0, length).DetachFromDisposeScope();
            targets = _partTargets = targets.narrow(0, 0, length).DetachFromDisposeScope();
        }

        return new Batch(inputs, targets, length * _layout.Items);
    }

    /// <summary>Waits until the buffer that was delivered last may be filled again, as far as copies go.</summary>
    public void WaitUntilRead() => _upload?.WaitUntilRead();

    /// <inheritdoc />
    public void Dispose()
    {
        DisposeParts();
        _upload?.Dispose();
    }

    private void DisposeParts()
    {
        _partInputs?.Dispose();
        _partTargets?.Dispose();
    }
}
