using Microsoft.ML.Tokenizers;

namespace Daso.Preparation;

/// <summary>
/// GPT-2's byte-pair encoding with its 50,257 tokens, of ordinary text: the mark of a text's end, where it stands in a text, is encoded as its
/// characters are (tiktoken: encode_ordinary). Used by one thread: the tokenizer's cache of words has a lock.
/// </summary>
internal sealed class Gpt2Tokenizer
{
    /// <summary>Stands between documents.</summary>
    public const ushort EndOfText = 50_256;

    private const string MarkBegin = "<|";
    private const string Mark = "<|endoftext|>";

    private readonly TiktokenTokenizer _tokenizer = TiktokenTokenizer.CreateForModel("gpt2");

    /// <summary>Encodes a text.</summary>
    public ushort[] Encode(string text)
    {
        var tokens = new List<ushort>(text.Length / 3);
        int from = 0;
        // Words never reach from signs to letters, so a text may be cut there; the halves are no mark.
        for (int mark; (mark = text.IndexOf(Mark, from, StringComparison.Ordinal)) >= 0; from = mark + MarkBegin.Length)
            Encode(text.AsSpan(from..(mark + MarkBegin.Length)), tokens);
        Encode(text.AsSpan(from), tokens);
        return [.. tokens];
    }

    private void Encode(ReadOnlySpan<char> text, List<ushort> tokens)
    {
        foreach (int token in _tokenizer.EncodeToIds(text))
            tokens.Add((ushort)token);
    }
}
