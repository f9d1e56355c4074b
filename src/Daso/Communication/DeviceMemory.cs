namespace Daso.Communication;

/// <summary>A buffer in the memory of a GPU: for communicators that take it; this process cannot read it.</summary>
internal abstract class DeviceMemory : ArrivingMemory
{
    /// <summary>Not possible.</summary>
    public sealed override Span<float> GetSpan() =>
        throw new NotSupportedException("the memory of a GPU cannot be read by the host; only a group that takes device memory gets it");

    /// <summary>Divides elements of the buffer on the device.</summary>
    /// <param name="start">The first.</param>
    /// <param name="length">How many.</param>
    /// <param name="divisor">By what.</param>
    internal abstract void Divide(int start, int length, int divisor);
}
