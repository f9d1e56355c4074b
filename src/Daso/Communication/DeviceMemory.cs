namespace Daso.Communication;

/// <summary>Memory of a device that a communicator works on itself; the host cannot read it.</summary>
internal abstract class DeviceMemory : IArriving
{
    /// <summary>Whether the computation behind the values is done.</summary>
    public abstract bool HasArrived { get; }

    /// <summary>The address of an element, on the device.</summary>
    /// <param name="offset">Its number.</param>
    internal abstract nint AddressOf(int offset);
}
