using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using System.Text.Json;

namespace Daso.Preparation;

/// <summary>A document or a part of one.</summary>
/// <param name="Text">What it says.</param>
/// <param name="EndsDocument">Whether the next piece begins another.</param>
internal readonly record struct TextPiece(string Text, bool EndsDocument);

/// <summary>
/// Reads the documents of a file in UTF-8, plain or gzip, piece by piece. A file of JSON lines (.jsonl) has one on each line; any other is a
/// text with documents between marks of their end, or one document. Long texts are cut where no token of GPT-2's reaches across: behind a
/// letter that no letter follows. Blank documents are left out.
/// </summary>
internal sealed class TextPieces : IDisposable
{
    private const string Mark = "<|endoftext|>";
    private const string JsonLines = ".jsonl";
    private const string Gzip = ".gz";

    private readonly string _path;
    private readonly string _field;
    private readonly int _length;
    private readonly FileStream _file;
    private readonly CountedStream? _unpacked;
    private readonly StreamReader _reader;

    /// <summary>Opens a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="field">The text's name in JSON lines.</param>
    /// <param name="length">Characters after which a long text is cut.</param>
    /// <exception cref="UserErrorException">It cannot be read.</exception>
    public TextPieces(string path, string field, int length = 1 << 20)
    {
        (_path, _field, _length) = (path, field, length);
        try
        {
            _file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[2];
            bool isPacked = _file.ReadAtLeast(magic, magic.Length, throwOnEndOfStream: false) == magic.Length && magic is [0x1F, 0x8B];
            _file.Position = 0;
            if (isPacked)
                _unpacked = new CountedStream(new GZipStream(_file, CompressionMode.Decompress));
            _reader = new StreamReader(_unpacked ?? (Stream)_file, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException(e is FileNotFoundException or DirectoryNotFoundException
                ? $"{path}: no such file"
                : $"{path}: cannot be read: {e.Message}");
        }
    }

    /// <summary>Bytes of the file that were read, as they lie on the disk.</summary>
    public long Position => _file.Position;

    /// <summary>All pieces, once.</summary>
    /// <exception cref="UserErrorException">The file is damaged, or is no such text.</exception>
    public IEnumerable<TextPiece> Read()
    {
        string name = _path.EndsWith(Gzip, StringComparison.OrdinalIgnoreCase) ? _path[..^Gzip.Length] : _path;
        foreach (TextPiece piece in name.EndsWith(JsonLines, StringComparison.OrdinalIgnoreCase) ? Lines() : Marked())
            yield return piece;
        if (_unpacked is not null && (uint)_unpacked.Count != Announced())
            throw new UserErrorException($"{_path}: truncated gzip, or not a single member; fetch it again, or unpack it");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _reader.Dispose();
        _file.Dispose();
    }

    /// <summary>A whole gzip of one member ends with its length modulo 2³²; the unpacking itself takes one that is cut off for whole.</summary>
    private uint Announced()
    {
        Span<byte> end = stackalloc byte[sizeof(uint)];
        RandomAccess.Read(_file.SafeFileHandle, end, _file.Length - end.Length);
        return BinaryPrimitives.ReadUInt32LittleEndian(end);
    }

    private IEnumerable<TextPiece> Lines()
    {
        for (int number = 1; Guarded(_reader.ReadLine) is string line; number++)
        {
            if (!string.IsNullOrWhiteSpace(line) && TextOf(line.TrimStart('\uFEFF'), number) is { Length: > 0 } text)
                yield return new TextPiece(text, true);
        }
    }

    private string TextOf(string line, int number)
    {
        try
        {
            using var json = JsonDocument.Parse(line);
            if (json.RootElement is { ValueKind: JsonValueKind.Object } fields
                && fields.TryGetProperty(_field, out JsonElement text)
                && text.ValueKind == JsonValueKind.String)
            {
                return text.GetString()!;
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new UserErrorException($"{_path}: line {number} is no JSON: {e.Message}");
        }

        throw new UserErrorException($"{_path}: line {number} has no text called {_field}; --field names it");
    }

    private IEnumerable<TextPiece> Marked()
    {
        var buffer = new char[_length];
        string rest = "";
        bool begins = true;
        for (bool isEnd = false; !isEnd;)
        {
            int read = Guarded(() => _reader.ReadBlock(buffer));
            isEnd = read < buffer.Length;
            string text = rest + new string(buffer, 0, read);
            int from = 0;
            for (int mark; (mark = text.IndexOf(Mark, from, StringComparison.Ordinal)) >= 0; from = mark + Mark.Length)
            {
                if (Piece(text[from..mark], begins, ends: true) is TextPiece document)
                    yield return document;
                begins = true;
            }

            // A mark may have begun at the end.
            int cut = isEnd ? text.Length : CutBefore(text, from, text.Length - Mark.Length);
            if ((isEnd || cut > from) && Piece(text[from..cut], begins, isEnd) is TextPiece piece)
            {
                yield return piece;
                begins = false;
            }

            rest = text[cut..];
        }
    }

    /// <summary>White space around a document is no part of it.</summary>
    private static TextPiece? Piece(string text, bool begins, bool ends)
    {
        text = begins ? text.TrimStart().TrimStart('\uFEFF') : text;
        text = ends ? text.TrimEnd() : text;
        return begins && text.Length == 0 ? null : new TextPiece(text, ends);
    }

    /// <summary>The last place to cut a text at, before an end; where there is none, its begin.</summary>
    private static int CutBefore(string text, int from, int end)
    {
        for (int cut = Math.Min(end, text.Length - 1); cut > from; cut--)
        {
            if (char.IsLetter(text[cut - 1]) && !char.IsLetter(text[cut]))
                return cut;
        }

        return from;
    }

    private T Guarded<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DecoderFallbackException)
        {
            throw new UserErrorException($"{_path}: is no text in UTF-8");
        }
        catch (InvalidDataException e)
        {
            throw new UserErrorException($"{_path}: damaged gzip: {e.Message}; fetch it again");
        }
        catch (IOException e)
        {
            throw new UserErrorException($"{_path}: cannot be read: {e.Message}");
        }
    }

    /// <summary>Counts what is read of another stream.</summary>
    private sealed class CountedStream(Stream inner) : Stream
    {
        public long Count { get; private set; }

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => Count;
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            int read = inner.Read(buffer);
            Count += read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
