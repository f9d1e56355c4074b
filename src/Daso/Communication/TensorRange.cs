using System.Buffers;
using System.Runtime.InteropServices;

namespace Daso.Communication;

/// <summary>
/// Elements [offset, offset + length) of a tensor: what an operation reads and writes. It lies in an array or other memory of the host,
/// which converts to it, or in a tensor on a device (<see cref="DeviceTensor"/>).
/// </summary>
public readonly struct TensorRange
{
    /// <summary>Names a range.</summary>
    /// <param name="memory">An array, a memory manager, a <see cref="DeviceTensor"/> or a <see cref="DeviceMemory"/>; null: no elements.</param>
    /// <param name="type">What the elements are.</param>
    /// <param name="offset">The first.</param>
    /// <param name="length">How many.</param>
    internal TensorRange(object? memory, ElementType type, int offset, int length)
    {
        Memory = memory;
        Type = type;
        Offset = offset;
        Length = length;
    }

    /// <summary>What the elements are.</summary>
    public ElementType Type { get; }

    /// <summary>The first element's number in the memory behind the range.</summary>
    public int Offset { get; }

    /// <summary>Elements.</summary>
    public int Length { get; }

    /// <summary>What the range lies in.</summary>
    internal object? Memory { get; }

    /// <summary>What the values come from, where that is not all that has happened to the memory so far.</summary>
    internal IPrecedingWork? After { get; private init; }

    /// <summary>Whether a communicator may touch the memory: no copy is under way to or from it.</summary>
    internal bool HasArrived => After is not { IsQueued: false } && Memory is not IArriving { HasArrived: false };

    /// <summary>The elements; float32 memory of the host only.</summary>
    internal Span<float> Floats => Of<float>();

    /// <summary>The elements; int64 memory of the host only.</summary>
    internal Span<long> Integers => Of<long>();

    /// <summary>The elements' bytes, whatever they are; memory of the host only.</summary>
    internal Span<byte> Bytes => Type switch
    {
        ElementType.Float32 => MemoryMarshal.AsBytes(Of<float>()),
        ElementType.Int64 => MemoryMarshal.AsBytes(Of<long>()),
        _ => Of<byte>(),
    };

    /// <summary>A whole array.</summary>
    public static implicit operator TensorRange(float[] values) => new(values, ElementType.Float32, 0, values.Length);

    /// <summary>Memory of the host.</summary>
    public static implicit operator TensorRange(Memory<float> values) => Over(values, ElementType.Float32);

    /// <summary>A whole array.</summary>
    public static implicit operator TensorRange(long[] values) => new(values, ElementType.Int64, 0, values.Length);

    /// <summary>Memory of the host.</summary>
    public static implicit operator TensorRange(Memory<long> values) => Over(values, ElementType.Int64);

    /// <summary>A whole array.</summary>
    public static implicit operator TensorRange(byte[] values) => new(values, ElementType.Byte, 0, values.Length);

    /// <summary>Memory of the host.</summary>
    public static implicit operator TensorRange(Memory<byte> values) => Over(values, ElementType.Byte);

    /// <summary>A part of the range.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is not inside.</exception>
    public TensorRange Slice(int offset, int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length - offset);
        return new TensorRange(Memory, Type, Offset + offset, length) { After = After };
    }

    /// <summary>The range with values that come from certain work.</summary>
    internal TensorRange Behind(IPrecedingWork? work) => new(Memory, Type, Offset, Length) { After = work };

    /// <summary>Tells the memory that the operation on it is done, or queued where a device carries it out.</summary>
    internal void Complete() => (Memory as IArriving)?.Complete();

    /// <summary>Keeps the memory, of the host, where it is, for a library.</summary>
    internal MemoryHandle Pin() => Type switch
    {
        ElementType.Float32 => Pin<float>(),
        ElementType.Int64 => Pin<long>(),
        _ => Pin<byte>(),
    };

    private MemoryHandle Pin<T>()
        where T : unmanaged => Memory switch
        {
            T[] array => array.AsMemory(Offset, Length).Pin(),
            MemoryManager<T> manager => manager.Pin(Offset),
            _ => default,
        };

    private Span<T> Of<T>()
        where T : unmanaged => Memory switch
        {
            T[] array => array.AsSpan(Offset, Length),
            MemoryManager<T> manager => manager.GetSpan().Slice(Offset, Length),
            null => default,
            _ => throw new InvalidOperationException($"{Type} in {Memory.GetType().Name} cannot be read as {typeof(T).Name} by the host"),
        };

    private static TensorRange Over<T>(Memory<T> values, ElementType type)
        where T : unmanaged
    {
        if (MemoryMarshal.TryGetArray(values, out ArraySegment<T> segment))
            return new TensorRange(segment.Array, type, segment.Offset, segment.Count);
        return MemoryMarshal.TryGetMemoryManager<T, MemoryManager<T>>(values, out MemoryManager<T>? manager, out int start, out int length)
            ? new TensorRange(manager, type, start, length)
            : throw new ArgumentException("memory of an unknown kind", nameof(values));
    }
}
