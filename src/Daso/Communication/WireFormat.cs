using System.Diagnostics.CodeAnalysis;

namespace Daso.Communication;

/// <summary>
/// How float32 numbers travel: a codec of an operation's payload. Three are built in; another one is a record of its own that derives
/// from this. Contributions are rounded to the format, and so is a sum after every addition.
/// </summary>
/// <remarks>
/// Rounding twice is rounding once, and packing rounded values loses nothing, so that both clusters come to the same bits. A value may
/// depend on those of its block only: blocks of <see cref="BlockElements"/> are counted from the start of the operation's range (or part).
/// </remarks>
public abstract record WireFormat : IParsable<WireFormat>
{
    /// <summary>The largest <see cref="BlockElements"/>: pieces of operations are multiples of it.</summary>
    public const int LargestBlock = 1024;

    /// <summary>IEEE 754 binary32: 4 bytes an element.</summary>
    public static WireFormat Float32 { get; } = new Float32Format();

    /// <summary>The upper half of binary32: 8 bits of exponent, 7 of fraction; 2 bytes an element.</summary>
    public static WireFormat BFloat16 { get; } = new BFloat16Format();

    /// <summary>IEEE 754 binary16: 5 bits of exponent, 10 of fraction; 2 bytes an element.</summary>
    public static WireFormat Float16 { get; } = new Float16Format();

    /// <summary>The three.</summary>
    public static IReadOnlyList<WireFormat> BuiltIn { get; } = [Float32, BFloat16, Float16];

    /// <summary>Tells the format from others in specifications, whose hash it enters: all of its settings are in it.</summary>
    public abstract string Name { get; }

    /// <summary>Elements that are packed together: a power of two, at most <see cref="LargestBlock"/>; 1 where each is on its own.</summary>
    public virtual int BlockElements => 1;

    /// <summary>The smallest positive number that rounds to infinity; infinity itself where none does.</summary>
    public virtual float RoundsToInfinityFrom => float.PositiveInfinity;

    /// <summary>The built-in format of a name, in any case.</summary>
    /// <exception cref="UserErrorException">There is none of that name.</exception>
    public static WireFormat Named(string name) => TryParse(name, null, out WireFormat? format)
        ? format
        : throw new UserErrorException($"no wire format is called '{name}'; take one of {string.Join(", ", BuiltIn)}");

    /// <inheritdoc cref="Named" />
    public static WireFormat Parse(string s, IFormatProvider? provider) => Named(s);

    /// <summary>The built-in format of a name, in any case.</summary>
    public static bool TryParse([NotNullWhen(true)] string? s, IFormatProvider? provider, [MaybeNullWhen(false)] out WireFormat result)
    {
        result = BuiltIn.FirstOrDefault(one => string.Equals(one.Name, s, StringComparison.OrdinalIgnoreCase));
        return result is not null;
    }

    /// <summary>Bytes of packed elements: at most 4 an element; of whole blocks in a row the sum of the blocks'.</summary>
    public abstract long BytesFor(long elements);

    /// <summary>Rounds every value to the nearest that the format holds; NaN stays NaN.</summary>
    public abstract void Round(Span<float> values);

    /// <summary>Writes values that are rounded already as <see cref="BytesFor"/> bytes.</summary>
    public abstract void Pack(ReadOnlySpan<float> values, Span<byte> bytes);

    /// <summary>Reads what <see cref="Pack"/> wrote.</summary>
    public abstract void Unpack(ReadOnlySpan<byte> bytes, Span<float> values);

    /// <summary>The name.</summary>
    public sealed override string ToString() => Name;
}
