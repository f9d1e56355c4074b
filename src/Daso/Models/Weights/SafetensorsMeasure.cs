namespace Daso.Models;

/// <summary>
/// Takes what is going to be written and keeps only what a safetensors file must know of it beforehand: which of the bytes are a tensor's,
/// of which name, format and sizes. What comes between tensors is kept as bytes.
/// </summary>
internal sealed class SafetensorsMeasure : Stream
{
    private readonly List<KeyValuePair<string, SafetensorsEntry>> _entries = [];
    private readonly Dictionary<string, int> _uses = new(StringComparer.Ordinal);
    private string _section = "";
    private long _described;
    private long _written;

    /// <inheritdoc />
    public override bool CanRead => false;

    /// <inheritdoc />
    public override bool CanSeek => false;

    /// <inheritdoc />
    public override bool CanWrite => true;

    /// <inheritdoc />
    public override long Length => _written;

    /// <inheritdoc />
    public override long Position
    {
        get => _written;
        set => throw new NotSupportedException();
    }

    /// <summary>All that was written, in its order.</summary>
    internal IReadOnlyList<KeyValuePair<string, SafetensorsEntry>> Entries
    {
        get
        {
            DescribeBytes();
            return _entries;
        }
    }

    /// <summary>What follows belongs to a part of the state; its name stands before theirs.</summary>
    internal void Section(string name)
    {
        DescribeBytes();
        _section = name;
    }

    /// <summary>What follows is a tensor.</summary>
    internal void Tensor(string name, SafetensorsEntry entry)
    {
        DescribeBytes();
        Describe(name, entry);
    }

    /// <inheritdoc />
    public override void Write(byte[] buffer, int offset, int count) => _written += count;

    /// <inheritdoc />
    public override void Write(ReadOnlySpan<byte> buffer) => _written += buffer.Length;

    /// <inheritdoc />
    public override void Flush()
    {
    }

    /// <inheritdoc />
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc />
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc />
    public override void SetLength(long value) => throw new NotSupportedException();

    private void DescribeBytes()
    {
        if (_written > _described)
            Describe("state", new SafetensorsEntry("U8", [_written - _described], _written - _described));
    }

    private void Describe(string name, SafetensorsEntry entry)
    {
        string full = $"{_section}.{name}";
        int uses = _uses[full] = _uses.GetValueOrDefault(full) + 1;
        _entries.Add(new(uses == 1 ? full : FormattableString.Invariant($"{full}.{uses}"), entry));
        _described += entry.Bytes;
    }
}

/// <summary>What a writer of state says of the bytes that it writes next; heard by a <see cref="SafetensorsMeasure"/> only.</summary>
internal static class SafetensorsAnnouncements
{
    /// <summary>A part of the state begins.</summary>
    internal static void BeginSection(this BinaryWriter writer, string name) => (writer.BaseStream as SafetensorsMeasure)?.Section(name);

    /// <summary>A tensor follows.</summary>
    internal static void BeginTensor(this BinaryWriter writer, string name, SafetensorsEntry entry) =>
        (writer.BaseStream as SafetensorsMeasure)?.Tensor(name, entry);
}
