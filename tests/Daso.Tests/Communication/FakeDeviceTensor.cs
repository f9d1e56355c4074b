using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Daso.Communication;

namespace Daso.Tests.Communication;

/// <summary>Memory of this process that is handed out as a GPU's is: by its address only.</summary>
internal sealed unsafe class FakeDeviceTensor : DeviceTensor, IDisposable
{
    private readonly float* _values;
    private readonly int _length;

    internal FakeDeviceTensor(ReadOnlySpan<float> values)
    {
        _length = values.Length;
        _values = (float*)NativeMemory.Alloc((nuint)values.Length, sizeof(float));
        values.CopyTo(Values);
    }

    internal Span<float> Values => new(_values, _length);

    internal TensorRange Range(int offset, int length) => new(this, ElementType.Float32, offset, length);

    public void Dispose() => NativeMemory.Free(_values);

    /// <summary>Whether the group has asked for it or not.</summary>
    internal override IMemoryLease Lease(in LeaseRequest request) => new Direct(this, request);

    private sealed class Direct : DeviceMemory, IMemoryLease
    {
        private readonly FakeDeviceTensor _tensor;
        private readonly LeaseRequest _request;

        internal Direct(FakeDeviceTensor tensor, LeaseRequest request)
        {
            _tensor = tensor;
            _request = request;
            Divide(request.DivisorBefore);
        }

        public override bool HasArrived => true;

        public override bool IsQueued => true;

        public TensorRange Range => new(this, ElementType.Float32, _request.Offset, _request.Length);

        public override void Precede(nint stream)
        {
        }

        public override void Complete() => Divide(_request.DivisorAfter);

        public void Return()
        {
        }

        internal override void Succeed(nint stream)
        {
        }

        internal override void QueueShare(CollectiveCall call, ReadOnlySpan<TensorRange> members, int rank) =>
            throw new NotSupportedException("no ranks of one process");

        internal override void AwaitShares()
        {
        }

        internal override nint AddressOf(int offset) => (nint)(_tensor._values + offset);

        private void Divide(int divisor)
        {
            Span<float> part = _tensor.Values.Slice(_request.Offset, _request.Length);
            TensorPrimitives.Divide(part, divisor, part);
        }
    }
}
