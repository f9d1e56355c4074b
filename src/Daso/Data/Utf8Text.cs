using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Daso.Data;

/// <summary>Makes sure that a file is text: every file of bytes could be trained on, and the loss would not tell.</summary>
internal static class Utf8Text
{
    /// <summary>The longest sequence of bytes of one character in UTF-8.</summary>
    private const int LongestCharacter = 4;

    /// <summary>A file's content without a byte-order mark.</summary>
    /// <param name="path">Named in the error.</param>
    /// <param name="content">The whole file, unpacked if it was gzip.</param>
    /// <exception cref="UserErrorException">It is no text in UTF-8; the message says what it is.</exception>
    public static byte[] Require(string path, byte[] content)
    {
        if (KindOf(content) is string kind)
            throw new UserErrorException($"{path}: is {kind}");
        byte[] text = content is [0xEF, 0xBB, 0xBF, ..] ? content[3..] : content;
        int nul = text.AsSpan().IndexOf((byte)0);
        if (nul >= 0)
        {
            throw new UserErrorException(
                $"{path}: has a NUL byte at {nul}, as no text in UTF-8 has; if it is UTF-16, convert it: iconv -f UTF-16LE -t UTF-8");
        }

        if (!Utf8.IsValid(text) && FirstInvalid(text) is int invalid)
        {
            throw new UserErrorException(
                $"{path}: byte {invalid} (0x{text[invalid]:X2}) is not UTF-8; if it is Latin-1, convert it: iconv -f LATIN1 -t UTF-8");
        }

        return text;
    }

    /// <summary>What a file that begins like this is, with the mend; null: maybe a text.</summary>
    private static string? KindOf(ReadOnlySpan<byte> content) => content switch
    {
        [0xFF, 0xFE, 0, 0, ..] or [0, 0, 0xFE, 0xFF, ..] => "UTF-32; convert it: iconv -f UTF-32 -t UTF-8",
        [0xFF, 0xFE, ..] or [0xFE, 0xFF, ..] => "UTF-16; convert it: iconv -f UTF-16 -t UTF-8",
        [(byte)'P', (byte)'K', 3 or 5 or 7, 4 or 6 or 8, ..] => "a zip archive; unpack it",
        [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0, ..] => "packed by xz; unpack it: xz -d",
        [(byte)'B', (byte)'Z', (byte)'h', >= (byte)'1' and <= (byte)'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] =>
            "packed by bzip2; unpack it: bzip2 -d",
        [0x28, 0xB5, 0x2F, 0xFD, ..] => "packed by zstd; unpack it: zstd -d",
        [0x04, 0x22, 0x4D, 0x18, ..] => "packed by lz4; unpack it: lz4 -d",
        [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C, ..] => "a 7z archive; unpack it",
        [0x1F, 0x8B, ..] => "packed by gzip twice; unpack it once",
        [(byte)'%', (byte)'P', (byte)'D', (byte)'F', (byte)'-', ..] => "a PDF; take its text: pdftotext",
        [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] => "a Parquet file; write its text column to a file",
        { Length: > 262 } when content.Slice(257, 5).SequenceEqual("ustar"u8) => "a tar archive; unpack it",
        _ => null,
    };

    /// <summary>Where the first sequence begins that is not UTF-8; null: only the last character is cut off, as in texts that were cut to
    /// a number of bytes.</summary>
    private static int? FirstInvalid(ReadOnlySpan<byte> text)
    {
        int at = 0;
        while (at < text.Length)
        {
            OperationStatus status = Rune.DecodeFromUtf8(text[at..], out _, out int length);
            if (status == OperationStatus.NeedMoreData && text.Length - at < LongestCharacter)
                return null;
            if (status != OperationStatus.Done)
                return at;
            at += length;
        }

        return null;
    }
}
