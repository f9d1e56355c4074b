using System.Buffers;
using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>
/// One flat float32 tensor and the host memory that communicates it. On the CPU the host memory is the tensor's own: no copy is made.
/// On a GPU it is a pinned buffer that <see cref="ToHost"/> and <see cref="FromHost"/> fill and empty.
/// </summary>
public sealed unsafe class FlatTensor : IDisposable
{
    private readonly Tensor? _staging;
    private readonly HostMemory _host;

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

    /// <summary>What a communicator reads and writes: the values themselves on the CPU, else the pinned copy.</summary>
    public Memory<float> Host => _host.Memory;

    /// <summary>Whether <see cref="Host"/> is a copy.</summary>
    public bool IsStaged => _staging is not null;

    /// <summary>Brings a range's values to <see cref="Host"/>; nothing to do on the CPU.</summary>
    public void ToHost(int offset, int length) => Copy(Tensor, _staging, offset, length);

    /// <summary>Brings a range of <see cref="Host"/> to the tensor; nothing to do on the CPU.</summary>
    public void FromHost(int offset, int length) => Copy(_staging, Tensor, offset, length);

    /// <summary>Writes all values, little-endian float32.</summary>
    public void Save(BinaryWriter writer)
    {
        ToHost(0, Length);
        writer.Write(MemoryMarshal.AsBytes(Host.Span));
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(BinaryReader reader)
    {
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(Host.Span));
        FromHost(0, Length);
    }

    /// <summary>Frees the memory; views of the tensor keep theirs alive, <see cref="Host"/> does not.</summary>
    public void Dispose()
    {
        Tensor.Dispose();
        _staging?.Dispose();
    }

    private void Copy(Tensor? from, Tensor? to, int offset, int length)
    {
        if (_staging is null)
            return;
        using (no_grad())
        using (Tensor source = from!.narrow(0, offset, length))
        using (Tensor target = to!.narrow(0, offset, length))
            target.copy_(source);
    }

    /// <summary>The tensor's storage as managed memory; it does not move. Holds the tensor, so that no finalizer frees it.</summary>
    private sealed class HostMemory : MemoryManager<float>
    {
        private readonly Tensor _tensor;
        private readonly float* _start;

        internal HostMemory(Tensor tensor, int length)
        {
            _tensor = tensor;
            Length = length;
            using Tensor first = tensor.narrow(0, 0, Math.Min(1, length)); // bytes of a whole tensor end at 2 GiB
            fixed (byte* bytes = first.bytes)
                _start = (float*)bytes;
        }

        internal int Length { get; }

        public override Memory<float> Memory => CreateMemory(Length);

        public override Span<float> GetSpan() => new(_start, Length);

        public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

        public override void Unpin()
        {
        }

        protected override void Dispose(bool disposing)
        {
        }
    }
}
