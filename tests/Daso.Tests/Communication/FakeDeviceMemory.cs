using System.Buffers;
using System.Numerics.Tensors;
using Daso.Communication;

namespace Daso.Tests.Communication;

/// <summary>Memory of this process that is handed out as a GPU's is: by its address only.</summary>
internal sealed class FakeDeviceMemory(float[] values) : DeviceMemory
{
    internal override bool HasArrived => true;

    public override Memory<float> Memory => CreateMemory(values.Length);

    public override MemoryHandle Pin(int elementIndex = 0) => values.AsMemory(elementIndex).Pin();

    public override void Unpin()
    {
    }

    internal override void Divide(int start, int length, int divisor)
    {
        Span<float> part = values.AsSpan(start, length);
        TensorPrimitives.Divide(part, divisor, part);
    }

    protected override void Dispose(bool disposing)
    {
    }
}
