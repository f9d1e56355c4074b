namespace Daso.Communication;

/// <summary>What the elements of a tensor are.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 binary32, 4 bytes: what models are made of. It travels in a <see cref="WireFormat"/>.</summary>
    Float32,

    /// <summary>A signed integer of 8 bytes; it travels as it is.</summary>
    Int64,

    /// <summary>A byte, for messages that are no numbers.</summary>
    Byte,
}

/// <summary>Sizes of elements.</summary>
internal static class ElementTypes
{
    /// <summary>Bytes of an element in memory.</summary>
    internal static int Bytes(this ElementType type) => type switch
    {
        ElementType.Float32 => sizeof(float),
        ElementType.Int64 => sizeof(long),
        _ => 1,
    };
}
