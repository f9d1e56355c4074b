using System.Buffers.Binary;
using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;

namespace Daso.Data;

/// <summary>A file of tokens, mapped into memory: the system reads what is asked for and keeps what fits.</summary>
internal sealed unsafe class TokenShard : IDisposable
{
    /// <summary>llm.c's header.</summary>
    public const int HeaderBytes = 256 * sizeof(int);

    /// <summary>The first number of a header of a file of uint16; the second is 1, the third counts the tokens.</summary>
    public const int Magic16 = 20240520;

    private const int Magic32 = 20240801;

    /// <summary>Bytes that are looked into at the beginning and the end, to tell files of one size apart.</summary>
    private const int SampledBytes = 1 << 16;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;
    private readonly long _bytes;
    private readonly int _header;
    private readonly int _tokenBytes;

    private TokenShard(string path, long bytes)
    {
        Path = path;
        _bytes = bytes;
        _file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.Read);
        _view = _file.CreateViewAccessor(0, bytes, MemoryMappedFileAccess.Read);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        (_header, _tokenBytes) = (0, sizeof(ushort));
        int magic = bytes < HeaderBytes ? 0 : Header(0);
        if ((magic, magic == 0 ? 0 : Header(1)) is (Magic16, 1) or (Magic32, 7))
        {
            _header = HeaderBytes;
            _tokenBytes = magic == Magic16 ? sizeof(ushort) : sizeof(uint);
        }

        Count = (bytes - _header) / _tokenBytes;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Tokens.</summary>
    public long Count { get; }

    /// <summary>A token.</summary>
    public long this[long at]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)at, (ulong)Count, nameof(at));
            byte* token = _start + _header + at * _tokenBytes;
            return _tokenBytes == sizeof(ushort)
                ? BinaryPrimitives.ReadUInt16LittleEndian(new ReadOnlySpan<byte>(token, sizeof(ushort)))
                : BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(token, sizeof(uint)));
        }
    }

    /// <summary>Maps a file.</summary>
    /// <exception cref="UserErrorException">It cannot be read, or is damaged.</exception>
    public static TokenShard Open(string path)
    {
        try
        {
            var file = new FileInfo(path);
            long bytes = (file.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? file).Length;
            if (bytes == 0)
                throw new UserErrorException($"{path}: empty file; fetch it again");
            var shard = new TokenShard(path, bytes);
            if (shard.Mistake() is string mistake)
            {
                shard.Dispose();
                throw new UserErrorException($"{path}: {mistake}; fetch it again");
            }

            return shard;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserErrorException($"{path}: cannot be read: {e.Message}");
        }
    }

    /// <summary>A hash of the size and both ends.</summary>
    public ulong Sample()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(BitConverter.GetBytes(_bytes));
        int part = (int)Math.Min(SampledBytes, _bytes);
        hash.AppendData(new ReadOnlySpan<byte>(_start, part));
        hash.AppendData(new ReadOnlySpan<byte>(_start + _bytes - part, part));
        return BitConverter.ToUInt64(hash.GetHashAndReset());
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private string? Mistake()
    {
        if ((_bytes - _header) % _tokenBytes != 0)
            return $"{_bytes} bytes are no whole number of tokens";
        return _header > 0 && Header(2) != Count ? $"its header announces {Header(2)} tokens, {Count} follow" : null;
    }

    private int Header(int number) => BinaryPrimitives.ReadInt32LittleEndian(new ReadOnlySpan<byte>(_start + number * sizeof(int), sizeof(int)));
}

/// <summary>The windows of all shards: side by side in each, numbered through.</summary>
internal sealed class ShardWindows
{
    private readonly TokenShard[] _shards;
    private readonly int[] _firstOf;

    /// <summary>Counts the windows.</summary>
    /// <param name="shards">In order.</param>
    /// <param name="length">T; a window has one token more, its last target.</param>
    /// <param name="shifted">Whether windows are read from up to T − 1 tokens further on.</param>
    /// <exception cref="UserErrorException">No shard has a window, or they have too many.</exception>
    public ShardWindows(TokenShard[] shards, int length, bool shifted)
    {
        _shards = shards;
        Length = length;
        _firstOf = new int[shards.Length + 1];
        long count = 0;
        for (int i = 0; i < shards.Length; i++)
        {
            count += Math.Max(0, (shards[i].Count - 1 - (shifted ? length - 1 : 0)) / length);
            if (count > int.MaxValue)
                throw new UserErrorException($"{shards[i].Path}: more than {int.MaxValue} windows of {length} tokens; take longer sequences");
            _firstOf[i + 1] = (int)count;
        }

        if (count == 0)
        {
            throw new UserErrorException(
                $"{shards[0].Path}: {shards[0].Count} tokens are too short for sequences of {length}; take longer shards or shorter sequences");
        }
    }

    /// <summary>T.</summary>
    public int Length { get; }

    /// <summary>All windows.</summary>
    public int Count => _firstOf[^1];

    /// <summary>Where a window is.</summary>
    /// <param name="window">Its number.</param>
    /// <param name="first">Its first token in the shard.</param>
    public TokenShard ShardOf(int window, out long first)
    {
        // The last shard that begins at or before the window; shards without one begin where the next does.
        int low = 0, high = _shards.Length - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (_firstOf[middle] <= window)
                low = middle;
            else
                high = middle - 1;
        }

        first = (long)(window - _firstOf[low]) * Length;
        return _shards[low];
    }
}
