using Daso.Communication;
using Daso.Gpu;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>
/// Brings batches to a GPU by a stream of its own, into two places in turn, so that a batch's copy runs beside the computation on the one
/// before. Nobody waits but for pinned memory that is to be filled again.
/// </summary>
internal sealed class BatchUpload : IDisposable
{
    private readonly IGpu _gpu;
    private readonly nint _stream;
    private readonly Place[] _places;
    private Place _current;

    /// <summary>Makes the places.</summary>
    /// <param name="gpu">The GPU.</param>
    /// <param name="layout">Of a sample.</param>
    /// <param name="capacity">Samples of the largest batch.</param>
    /// <param name="device">Where the places are.</param>
    internal BatchUpload(IGpu gpu, SampleLayout layout, int capacity, Device device)
    {
        _gpu = gpu;
        _stream = gpu.CreateStream();
        _places = [new Place(gpu, layout, capacity, device), new Place(gpu, layout, capacity, device)];
        _current = _places[0];
    }

    /// <summary>Queues a batch's copy; what is computed from now on comes after it.</summary>
    /// <returns>Where it will be; valid until the next call but one.</returns>
    internal (Tensor Inputs, Tensor Targets) Upload(BatchBuffer buffer)
    {
        _gpu.Mark(_current.Read, _gpu.ComputeStream);
        _current = _current == _places[0] ? _places[1] : _places[0];
        _gpu.WaitFor(_current.Read, _stream);
        Copy(buffer.Inputs, _current.Inputs);
        Copy(buffer.Targets, _current.Targets);
        _gpu.Mark(_current.Arrived, _stream);
        _gpu.WaitFor(_current.Arrived, _gpu.ComputeStream);
        return (_current.Inputs, _current.Targets);
    }

    /// <summary>Waits until the last batch's pinned memory has been read.</summary>
    internal void WaitUntilRead()
    {
        var spin = default(SpinWait);
        while (!_gpu.IsReached(_current.Arrived))
            spin.SpinOnce();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _gpu.DestroyStream(_stream);
        foreach (Place place in _places)
            place.Dispose();
    }

    private void Copy(Tensor from, Tensor to) =>
        _gpu.Copy(TensorAddress.Of(to), TensorAddress.Of(from), (nuint)(from.numel() * from.element_size()), _stream);

    /// <summary>A batch on the device.</summary>
    private sealed class Place(IGpu gpu, SampleLayout layout, int capacity, Device device) : IDisposable
    {
        internal Tensor Inputs { get; } =
            zeros([capacity, .. layout.InputShape], dtype: layout.InputType, device: device).DetachFromDisposeScope();

        internal Tensor Targets { get; } =
            zeros([capacity, .. layout.TargetShape], dtype: ScalarType.Int64, device: device).DetachFromDisposeScope();

        /// <summary>Behind the copy.</summary>
        internal nint Arrived { get; } = gpu.CreateMarker();

        /// <summary>Behind the computation on it.</summary>
        internal nint Read { get; } = gpu.CreateMarker();

        public void Dispose()
        {
            gpu.DestroyMarker(Arrived);
            gpu.DestroyMarker(Read);
            Inputs.Dispose();
            Targets.Dispose();
        }
    }
}
