using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Daso.Data;

namespace Daso.Preparation;

/// <summary>Writes tokens to files of one split, llm.c's header before little-endian uint16: SPLIT_000000.bin and so on.</summary>
/// <param name="folder">Where the files are made.</param>
/// <param name="split">"train" or "val".</param>
/// <param name="shardTokens">Tokens of a file; the last has the rest.</param>
internal sealed class TokenShardWriter(string folder, string split, int shardTokens) : IDisposable
{
    private FileStream? _file;
    private int _tokensInFile;

    /// <summary>Tokens so far.</summary>
    public long Tokens { get; private set; }

    /// <summary>Files so far.</summary>
    public int Files { get; private set; }

    /// <summary>Adds tokens.</summary>
    public void Append(ReadOnlySpan<ushort> tokens)
    {
        Tokens += tokens.Length;
        while (tokens.Length > 0)
        {
            _file ??= Begin();
            int count = Math.Min(tokens.Length, shardTokens - _tokensInFile);
            _file.Write(MemoryMarshal.AsBytes(tokens[..count]));
            _tokensInFile += count;
            tokens = tokens[count..];
            if (_tokensInFile == shardTokens)
                Complete();
        }
    }

    /// <summary>Completes the last file: its header, and all of it on the disk.</summary>
    public void Complete()
    {
        if (_file is null)
            return;
        Span<byte> header = stackalloc byte[TokenShard.HeaderBytes];
        header.Clear();
        BinaryPrimitives.WriteInt32LittleEndian(header, TokenShard.Magic16);
        BinaryPrimitives.WriteInt32LittleEndian(header[sizeof(int)..], 1);
        BinaryPrimitives.WriteInt32LittleEndian(header[(2 * sizeof(int))..], _tokensInFile);
        _file.Position = 0;
        _file.Write(header);
        _file.Flush(flushToDisk: true);
        Dispose();
    }

    /// <summary>Leaves the last file as it is.</summary>
    public void Dispose()
    {
        _file?.Dispose();
        _file = null;
    }

    private FileStream Begin()
    {
        FileStream file = File.Create(Path.Combine(folder, FormattableString.Invariant($"{split}_{Files++:000000}.bin")));
        file.Position = TokenShard.HeaderBytes;
        _tokensInFile = 0;
        return file;
    }
}
