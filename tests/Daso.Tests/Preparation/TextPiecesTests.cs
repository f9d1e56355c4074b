using System.IO.Compression;
using System.Text;
using CsCheck;
using Daso.Preparation;
using Daso.Tests.Data;

namespace Daso.Tests.Preparation;

public sealed class TextPiecesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pieces_have_the_tokens_of_the_whole_documents()
    {
        var tokenizer = new Gpt2Tokenizer();
        string[] words = ["it's", " ", "  ", "\n", "\n\n ", "ab", "Ümläut", "12", "...", "<|", "endoftext", "|>", "𝒜🙂", "的", "'ll", "\t"];
        Gen<string> word = Gen.Int[0, words.Length - 1].Select(i => words[i]);
        Gen.Select(word.Array[0, 40], word.Array[1, 40], Gen.Int[20, 60]).Sample(
            (first, second, length) =>
            {
                // Words may make the mark of the end, too.
                string text = $"{string.Concat(first)}<|endoftext|>{string.Concat(second)}";
                string path = _folder.Combine("a.txt");
                File.WriteAllText(path, text);
                string[] documents = [.. text.Split("<|endoftext|>").Select(document => document.Trim()).Where(document => document.Length > 0)];

                using var pieces = new TextPieces(path, "text", length);
                var read = new List<List<ushort>> { new() };
                foreach (TextPiece piece in pieces.Read())
                {
                    read[^1].AddRange(tokenizer.Encode(piece.Text));
                    if (piece.EndsDocument)
                        read.Add([]);
                }

                Assert.Empty(read[^1]);
                Assert.Equal(documents.Select(tokenizer.Encode), read.SkipLast(1).Select(document => document.ToArray()));
            },
            threads: 1,
            iter: 300);
    }

    [Fact]
    public void A_line_of_JSON_is_a_document()
    {
        Assert.Equal(
            [new TextPiece("one\n<|endoftext|>", true), new TextPiece(" zwö", true)],
            Read("a.jsonl", "{\"text\": \"one\\n<|endoftext|>\"}\n\n{\"id\": 2, \"text\": \" zwö\"}\n{\"text\": \"\"}\n"));
    }

    [Fact]
    public void A_packed_file_is_unpacked()
    {
        using (var packed = new GZipStream(File.Create(_folder.Combine("b.jsonl.gz")), CompressionLevel.Fastest))
            packed.Write("{\"text\": \"one\"}\n"u8);
        using var pieces = new TextPieces(_folder.Combine("b.jsonl.gz"), "text");
        Assert.Equal([new TextPiece("one", true)], pieces.Read());
    }

    [Fact]
    public void What_is_wrong_is_named_with_its_place()
    {
        AssertError("a.jsonl: line 2 is no JSON", "a.jsonl", "{\"text\": \"one\"}\nnone\n");
        AssertError("a.jsonl: line 1 is no JSON", "a.jsonl", "{\"text\": \"\\ud800\"}");
        AssertError("a.jsonl: line 1 has no text called text; --field names it", "a.jsonl", "{\"content\": \"one\"}");
        File.WriteAllBytes(_folder.Combine("utf16.txt"), Encoding.Unicode.GetPreamble().Concat(Encoding.Unicode.GetBytes("text")).ToArray());
        AssertError("utf16.txt: is no text in UTF-8", "utf16.txt");
        AssertError("none.txt: no such file", "none.txt");
        byte[] packed = Packed(new string('a', 100_000) + Guid.NewGuid());
        File.WriteAllBytes(_folder.Combine("cut.gz"), packed[..^12]);
        AssertError("cut.gz: truncated gzip", "cut.gz");
    }

    private static byte[] Packed(string text)
    {
        using var bytes = new MemoryStream();
        using (var gzip = new GZipStream(bytes, CompressionLevel.Fastest))
            gzip.Write(Encoding.UTF8.GetBytes(text));
        return bytes.ToArray();
    }

    private TextPiece[] Read(string name, string? content = null)
    {
        if (content is not null)
            File.WriteAllText(_folder.Combine(name), content);
        using var pieces = new TextPieces(_folder.Combine(name), "text");
        return [.. pieces.Read()];
    }

    private void AssertError(string says, string name, string? content = null) =>
        Assert.Contains(says, Assert.Throws<UserErrorException>(() => Read(name, content)).Message);
}
