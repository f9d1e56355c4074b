using System.Buffers;
using Daso.Communication;
using Daso.Gpu;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Daso.Models;

/// <summary>
/// One flat float32 tensor, whose ranges are communicated. On the CPU in the tensor's own memory: no copy is made. On a GPU through a
/// pinned copy that is filled and emptied beside the computation, or in the device's memory where the group takes it.
/// </summary>
public sealed unsafe class FlatTensor : IDisposable
{
    private readonly Tensor? _staging;
    private readonly HostMemory _host;
    private readonly CudaGpu? _gpu;
    private GpuTransfers? _transfers;

    /// <summary>Makes a tensor of zeros; on a GPU by the thread of the rank that computes with it.</summary>
    /// <param name="length">Elements.</param>
    /// <param name="device">Where the tensor lives.</param>
    public FlatTensor(int length, Device device)
    {
        Tensor = zeros(length, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        if (device.type != DeviceType.CPU)
        {
            using Tensor pageable = zeros(length, dtype: ScalarType.Float32);
            _staging = pageable.pin_memory().DetachFromDisposeScope();
            _gpu = new CudaGpu(Tensor.device_index);
        }

        _host = new HostMemory(_staging ?? Tensor, length);
    }

    /// <summary>The values: float32 [Length].</summary>
    public Tensor Tensor { get; }

    /// <summary>Elements.</summary>
    public int Length => _host.Length;

    /// <summary>The values themselves on the CPU, else the pinned copy.</summary>
    public Memory<float> Host => _host.Memory;

    /// <summary>Whether <see cref="Host"/> is a copy.</summary>
    public bool IsStaged => _staging is not null;

    /// <summary>All values, for an operation.</summary>
    public TensorRange All => Range(0, Length);

    /// <summary>
    /// A range's values for an operation, which reads what all computation started so far makes of them. On a GPU nothing is waited for
    /// here: the operation begins when the values have arrived.
    /// </summary>
    /// <param name="offset">The range's first element.</param>
    /// <param name="length">Its elements.</param>
    public TensorRange Range(int offset, int length) => new TensorRange(
        (object?)Transfers ?? _host, ElementType.Float32, 0, Length).Slice(offset, length);

    /// <summary>The same for an operation that reads what the computation had queued by a place, though it may have queued more since.</summary>
    /// <param name="offset">The range's first element.</param>
    /// <param name="length">Its elements.</param>
    /// <param name="place">By when the range was complete, of <see cref="CreatePlace"/>; nothing touches the range after it.</param>
    public TensorRange Range(int offset, int length, ComputationPlace place) =>
        Range(offset, length).Behind(place.IsOnDevice ? place : null);

    /// <summary>Makes a place in the computation on the tensor's device, to be set by the rank.</summary>
    public ComputationPlace CreatePlace() => new(_gpu);

    /// <summary>Brings all values to <see cref="Host"/> and waits for them; nothing to do on the CPU.</summary>
    public void ToHost() => Copy(Tensor, _staging);

    /// <summary>Brings <see cref="Host"/> to the tensor and waits; nothing to do on the CPU.</summary>
    public void FromHost() => Copy(_staging, Tensor);

    /// <summary>The largest magnitude, NaN where a value is NaN; 0 of no values. On a GPU one number is waited for.</summary>
    internal float MaxMagnitude()
    {
        if (Length == 0)
            return 0;
        if (!IsStaged)
            return TensorPrimitives.MaxMagnitude(Host.Span);
        using Tensor magnitudes = Tensor.abs();
        using Tensor largest = magnitudes.max();
        return largest.item<float>();
    }

    /// <summary>Makes what asks for the largest magnitude without waiting; null on the CPU, where <see cref="MaxMagnitude"/> does.</summary>
    internal MagnitudeProbe? CreateProbe() => _gpu is null || Length == 0 ? null : new MagnitudeProbe(_gpu);

    /// <summary>Writes all values, little-endian float32.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="name">What they are called in a checkpoint.</param>
    public void Save(BinaryWriter writer, string name = "values")
    {
        ToHost();
        writer.BeginTensor(name, SafetensorsEntry.Of(Tensor));
        FloatBytes.Write(writer, Host.Span);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(BinaryReader reader)
    {
        FloatBytes.Read(reader, Host.Span);
        FromHost();
    }

    /// <summary>Frees the memory; views of the tensor keep theirs alive, <see cref="Host"/> does not.</summary>
    public void Dispose()
    {
        _transfers?.Dispose();
        Tensor.Dispose();
        _staging?.Dispose();
    }

    /// <summary>Made when the tensor first communicates; null on the CPU.</summary>
    private GpuTransfers? Transfers =>
        _gpu is null ? null : _transfers ??= new GpuTransfers(_gpu, Tensor, _staging!);

    private void Copy(Tensor? from, Tensor? to)
    {
        if (_staging is null)
            return;
        using var _ = no_grad();
        to!.copy_(from!);
    }

    /// <summary>The tensor's storage as managed memory; it does not move. Holds the tensor, so that no finalizer frees it.</summary>
    private sealed class HostMemory(Tensor tensor, int length) : MemoryManager<float>
    {
        private readonly Tensor _tensor = tensor;
        private readonly float* _start = (float*)TensorAddress.Of(tensor);

        internal int Length => length;

        public override Memory<float> Memory => CreateMemory(length);

        public override Span<float> GetSpan() => new(_start, length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
