using System.Buffers.Binary;
using System.Text;

namespace Daso.Reporting;

/// <summary>
/// TensorBoard's Event messages, encoded as protocol buffers. Two forms of five fields do not earn a dependency with its code generator:
/// Event { 1: double wall_time, 2: int64 step, 3: string file_version | 5: Summary { 1: Value { 1: string tag, 2: float simple_value } } }.
/// </summary>
internal static class EventMessage
{
    private const int Varint = 0;
    private const int Fixed64 = 1;
    private const int Bytes = 2;
    private const int Fixed32 = 5;

    /// <summary>The first message of a file.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    public static byte[] Version(double wallTime) =>
        [.. Double(1, wallTime), .. Nested(3, Encoding.UTF8.GetBytes("brain.Event:2"))];

    /// <summary>One number.</summary>
    /// <param name="wallTime">Seconds since 1970.</param>
    /// <param name="step">Its place on the axis of steps.</param>
    /// <param name="tag">Its name.</param>
    /// <param name="value">The number.</param>
    public static byte[] Scalar(double wallTime, long step, string tag, double value)
    {
        byte[] entry = [.. Nested(1, Encoding.UTF8.GetBytes(tag)), .. Single(2, (float)value)];
        return [.. Double(1, wallTime), .. Key(2, Varint), .. Number((ulong)step), .. Nested(5, Nested(1, entry))];
    }

    private static byte[] Key(int field, int type) => [(byte)((field << 3) | type)];

    private static byte[] Nested(int field, byte[] message) => [.. Key(field, Bytes), .. Number((ulong)message.Length), .. message];

    private static byte[] Double(int field, double value)
    {
        byte[] bytes = [.. Key(field, Fixed64), 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(1), value);
        return bytes;
    }

    private static byte[] Single(int field, float value)
    {
        byte[] bytes = [.. Key(field, Fixed32), 0, 0, 0, 0];
        BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(1), value);
        return bytes;
    }

    private static byte[] Number(ulong value)
    {
        var bytes = new List<byte>();
        for (; value > 0x7f; value >>= 7)
            bytes.Add((byte)(value | 0x80));
        bytes.Add((byte)value);
        return [.. bytes];
    }
}
