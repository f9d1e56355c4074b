using System.Buffers;
using Daso.Communication;
using Daso.Gpu;
using TorchSharp;
using static TorchSharp.torch;
using TensorPrimitives = System.Numerics.Tensors.TensorPrimitives;

namespace Daso.Models;

/// <summary>
/// One flat float32 tensor and the memory that communicates it. On the CPU that is the tensor's own: no copy is made. On a GPU it is a
/// pinned copy that is filled and emptied beside the computation, or the device's memory where the group takes it.
/// </summary>
public sealed unsafe class FlatTensor : IDisposable
{
    private readonly Tensor? _staging;
    private readonly HostMemory _host;
    private GpuTransfers? _transfers;

    /// <summary>Makes a tensor of zeros.</summary>
    /// <param name="length">Elements.</param>
    /// <param name="device">Where the tensor lives.</param>
    public FlatTensor(int length, Device device)
    {
        Tensor = zeros(length, dtype: ScalarType.Float32, device: device).DetachFromDisposeScope();
        if (device.type != DeviceType.CPU)
        {
            using Tensor pageable = zeros(length, dtype: ScalarType.Float32);
            _staging = pageable.pin_memory().DetachFromDisposeScope();
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

    /// <summary>
    /// A range's values for an operation that reads them. On a GPU the values are those of all computation started so far; the caller does
    /// not wait for it, the operation begins when they have arrived. Start the operation at once.
    /// </summary>
    /// <param name="offset">The range's first element.</param>
    /// <param name="length">Its elements.</param>
    /// <param name="group">Who carries the operation out.</param>
    /// <param name="wire">The operation's format.</param>
    public Memory<float> ForSending(int offset, int length, ICommunicator group, WireFormat wire = WireFormat.Float32)
    {
        if (Transfers is not GpuTransfers transfers)
            return Host.Slice(offset, length);
        return IsDirect(group, wire) ? transfers.Direct(offset, length) : transfers.Outgoing(offset, length);
    }

    /// <summary>As <see cref="ForSending"/>, for an operation that only writes the range, so that nothing is copied before it.</summary>
    public Memory<float> ForReceiving(int offset, int length, ICommunicator group, WireFormat wire = WireFormat.Float32)
    {
        if (Transfers is not GpuTransfers transfers)
            return Host.Slice(offset, length);
        return IsDirect(group, wire) ? transfers.Direct(offset, length) : transfers.Incoming(offset, length);
    }

    /// <summary>
    /// Takes an operation's result, once it has been waited for: what is computed from now on sees it, and the caller does not wait.
    /// The arguments are those that the operation's memory was asked for with.
    /// </summary>
    public void Received(int offset, int length, ICommunicator group, WireFormat wire = WireFormat.Float32)
    {
        if (!IsDirect(group, wire))
            Transfers?.Take(offset, length);
    }

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

    /// <summary>Writes all values, little-endian float32.</summary>
    public void Save(BinaryWriter writer)
    {
        ToHost();
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
        _staging is null ? null : _transfers ??= new GpuTransfers(new CudaGpu(Tensor.device_index), Tensor, _staging);

    /// <summary>The library knows no rounding to 16 bits.</summary>
    private static bool IsDirect(ICommunicator group, WireFormat wire) => group.TakesDeviceMemory && wire == WireFormat.Float32;

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
