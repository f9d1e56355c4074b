using System.Runtime.InteropServices;

namespace Daso.Images;

/// <summary>Memory outside the managed heap that is used again and again; it grows, and is given back after something very large.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    /// <summary>Bytes that may be read behind the end: vectors load more than they use.</summary>
    public const int Slack = 64;

    /// <summary>More is not kept: 16 million pixels.</summary>
    private const nuint KeptBytes = 64 << 20;

    /// <summary>Where it is.</summary>
    public byte* Pointer { get; private set; }

    /// <summary>Bytes.</summary>
    public nuint Capacity { get; private set; }

    /// <summary>Makes room; what was there is lost.</summary>
    public void Reserve(nuint bytes)
    {
        if (bytes <= Capacity)
            return;
        Dispose();
        Pointer = (byte*)NativeMemory.Alloc(bytes + Slack);
        Capacity = bytes;
    }

    /// <summary>Gives very much memory back.</summary>
    public void Shrink()
    {
        if (Capacity > KeptBytes)
            Dispose();
    }

    /// <inheritdoc />
    public void Dispose()
    {
        NativeMemory.Free(Pointer);
        Pointer = null;
        Capacity = 0;
    }
}
