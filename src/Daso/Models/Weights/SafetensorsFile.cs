using System.Buffers.Binary;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace Daso.Models;

/// <summary>A tensor's entry in a safetensors file.</summary>
/// <param name="Type">Its elements' format, as "F32".</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record SafetensorsEntry(string Type, IReadOnlyList<long> Shape, long Bytes)
{
    private static readonly Dictionary<string, ScalarType> s_types = new(StringComparer.Ordinal)
    {
        ["F32"] = ScalarType.Float32,
        ["F64"] = ScalarType.Float64,
        ["F16"] = ScalarType.Float16,
        ["BF16"] = ScalarType.BFloat16,
        ["I64"] = ScalarType.Int64,
        ["I32"] = ScalarType.Int32,
        ["U8"] = ScalarType.Byte,
    };

    /// <summary>The numbers' format here; null: this program does not read it.</summary>
    internal ScalarType? ElementType => s_types.TryGetValue(Type, out ScalarType type) ? type : null;

    /// <summary>Of a tensor, whose sizes may be given otherwise than they are.</summary>
    internal static SafetensorsEntry Of(Tensor tensor, IReadOnlyList<long>? shape = null) => new(
        s_types.First(type => type.Value == tensor.dtype).Key, shape ?? tensor.shape, tensor.numel() * tensor.ElementSize);

    /// <summary>Where it begins, counted from the end of the header.</summary>
    internal long Offset { get; init; }
}

/// <summary>
/// The header of a safetensors file (https://github.com/huggingface/safetensors, "Format"): eight bytes with the little-endian length of the
/// JSON that follows, which names each tensor's format, sizes and place; spaces may fill it up. The tensors follow in the order of
/// their places, little-endian, without a gap, and end with the file.
/// </summary>
/// <param name="Entries">The tensors in the order of their places.</param>
/// <param name="Metadata">Texts about the file.</param>
internal sealed record SafetensorsHeader(
    IReadOnlyList<KeyValuePair<string, SafetensorsEntry>> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>More is refused: the specification's limit.</summary>
    private const int MostBytes = 100_000_000;

    /// <summary>Tensors begin at a multiple of this.</summary>
    private const int Alignment = 8;

    private const string MetadataName = "__metadata__";

    /// <summary>Makes a header of tensors that stand one behind the other.</summary>
    internal static SafetensorsHeader Of(
        IEnumerable<KeyValuePair<string, SafetensorsEntry>> entries, IReadOnlyDictionary<string, string> metadata)
    {
        var placed = new List<KeyValuePair<string, SafetensorsEntry>>();
        long offset = 0;
        foreach ((string name, SafetensorsEntry entry) in entries)
        {
            placed.Add(new(name, entry with { Offset = offset }));
            offset += entry.Bytes;
        }

        return new SafetensorsHeader(placed, metadata);
    }

    /// <summary>Writes it, with spaces up to <paramref name="reserved"/> bytes in all, so that it can be written again when more is known.</summary>
    /// <returns>Bytes written.</returns>
    internal long Write(Stream stream, long reserved = 0)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json))
            Write(writer);
        long total = Math.Max(reserved, (sizeof(long) + json.Length + Alignment - 1) / Alignment * Alignment);
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, total - sizeof(long));
        stream.Write(length);
        json.WriteTo(stream);
        stream.Write(Encoding.ASCII.GetBytes(new string(' ', (int)(total - sizeof(long) - json.Length))));
        return total;
    }

    /// <summary>Reads a header; the stream then stands at the first tensor.</summary>
    /// <param name="stream">At the file's beginning.</param>
    /// <exception cref="InvalidDataException">It is no safetensors file, or a damaged one; the message says why.</exception>
    /// <exception cref="EndOfStreamException">It ends in its header.</exception>
    internal static SafetensorsHeader Read(Stream stream)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        stream.ReadExactly(length);
        long bytes = BinaryPrimitives.ReadInt64LittleEndian(length);
        if (bytes is < 2 or > MostBytes || bytes > stream.Length - sizeof(long))
            throw new InvalidDataException("no safetensors file");
        var json = new byte[bytes];
        stream.ReadExactly(json);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            SafetensorsHeader header = Read(document.RootElement);
            header.RequireNoGap(stream.Length - sizeof(long) - bytes);
            return header;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw new InvalidDataException("no safetensors file, or its header is damaged");
        }
    }

    private static SafetensorsHeader Read(JsonElement root)
    {
        var entries = new List<KeyValuePair<string, SafetensorsEntry>>();
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty one in root.EnumerateObject())
        {
            if (one.NameEquals(MetadataName))
            {
                foreach (JsonProperty text in one.Value.EnumerateObject())
                    metadata[text.Name] = text.Value.GetString()!;
                continue;
            }

            JsonElement place = one.Value.GetProperty("data_offsets");
            long start = place[0].GetInt64(), end = place[1].GetInt64();
            long[] shape = [.. one.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt64())];
            entries.Add(new(one.Name, new SafetensorsEntry(one.Value.GetProperty("dtype").GetString()!, shape, end - start) { Offset = start }));
        }

        return new SafetensorsHeader([.. entries.OrderBy(entry => entry.Value.Offset).ThenBy(entry => entry.Value.Bytes)], metadata);
    }

    private void RequireNoGap(long dataBytes)
    {
        long end = 0;
        foreach ((string name, SafetensorsEntry entry) in Entries)
        {
            if (entry.Offset != end || entry.Bytes < 0)
                throw new InvalidDataException($"tensor {name} does not begin where the one before ends");
            end += entry.Bytes;
        }

        if (end != dataBytes)
            throw new InvalidDataException($"{dataBytes} bytes of tensors, {end} are announced; fetch it again");
    }

    private void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        if (Metadata.Count > 0)
        {
            writer.WriteStartObject(MetadataName);
            foreach ((string name, string text) in Metadata)
                writer.WriteString(name, text);
            writer.WriteEndObject();
        }

        foreach ((string name, SafetensorsEntry entry) in Entries)
        {
            writer.WriteStartObject(name);
            writer.WriteString("dtype", entry.Type);
            writer.WriteStartArray("shape");
            foreach (long size in entry.Shape)
                writer.WriteNumberValue(size);
            writer.WriteEndArray();
            writer.WriteStartArray("data_offsets");
            writer.WriteNumberValue(entry.Offset);
            writer.WriteNumberValue(entry.Offset + entry.Bytes);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
