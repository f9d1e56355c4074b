using Daso.Data;
using Daso.Tests.Data;

namespace Daso.Tests.CommandLine;

public sealed class TokenizeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("1")]
    [InlineData("3")]
    public async Task Documents_follow_each_other_with_marks_between_and_every_third_is_held_out(string threads)
    {
        Write("a.jsonl", """{"text": "hello world"}""", """{"text": "0"}""");
        Write("b.txt", "00", "<|endoftext|>", "000", "<|endoftext|>", "0000");

        AppRun run = await Tokenize("a.jsonl", "b.txt", "--validation-every", "3", "--shard-tokens", "4", "--threads", threads);

        Assert.Equal(
            (0, "to train on: documents 4, tokens 9, files 3; held out: documents 1, tokens 2, files 1\n", ""),
            (run.ExitCode, run.Output, run.Error));
        Assert.Equal(["train_000000.bin", "train_000001.bin", "train_000002.bin", "val_000000.bin"], Files());
        Assert.Equal([31373, 995, 50256, 15, 50256, 830, 50256, 2388, 50256], Tokens("train"));
        Assert.Equal([405, 50256], Tokens("val"));
        Assert.False(Path.Exists(_folder.Combine("tokens.partial")));
    }

    [Fact]
    public async Task A_file_may_be_held_out_whole_and_what_comes_out_is_what_the_suite_reads()
    {
        Write("a.txt", "hello world, hello world");
        Write("b.txt", "hello world");
        AppRun run = await Tokenize("a.txt", "--validation", _folder.Combine("b.txt"));
        Assert.Equal((0, ""), (run.ExitCode, run.Error));

        using IDataset data = new TokenFiles { Folder = _folder.Combine("tokens"), SequenceLength = 2, BatchPerRank = 1 }.Open();
        Assert.Equal((2, 1), (data.TrainSamples, data.HeldOutSamples));
    }

    [Fact]
    public async Task Nothing_is_left_of_what_fails()
    {
        Write("a.txt", "hello world");
        Write("bad.jsonl", "none");
        await Fails("bad.jsonl: line 1 is no JSON", "a.txt", "bad.jsonl");
        await Fails("--validation-every 2000: of 1 in all no document would be held out", "a.txt");
        Write("empty.txt", " ");
        await Fails("--validation: its files have no text", "a.txt", "--validation", "empty.txt");
        await Fails("no document is left to train on", "a.txt", "--validation-every", "1");
        await Fails("--threads 0: takes a number from 1 on", "a.txt", "--threads", "0");
        Directory.CreateDirectory(_folder.Combine("tokens"));
        File.WriteAllText(_folder.Combine("tokens/mine"), "");
        await Fails("exists and is not empty; name another folder", "a.txt");
        Assert.Equal(["mine"], Files());
    }

    private async Task Fails(string says, params string[] arguments)
    {
        AppRun run = await Tokenize(arguments);
        Assert.Equal((2, ""), (run.ExitCode, run.Output));
        Assert.Contains(says, run.Error, StringComparison.Ordinal);
        Assert.False(Path.Exists(_folder.Combine("tokens.partial")));
    }

    /// <summary>Names with a dot are files of this test's folder.</summary>
    private Task<AppRun> Tokenize(params string[] arguments) => AppRun.Of(
    [
        "data", "tokenize", .. arguments.Select(one => one.Contains('.') && !Path.IsPathRooted(one) ? _folder.Combine(one) : one),
        "--out", _folder.Combine("tokens"),
    ]);

    private string[] Files() => [.. Directory.GetFiles(_folder.Combine("tokens")).Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    private List<long> Tokens(string split)
    {
        var tokens = new List<long>();
        foreach (string path in Directory.GetFiles(_folder.Combine("tokens"), $"{split}*.bin").Order(StringComparer.Ordinal))
        {
            using TokenShard shard = TokenShard.Open(path);
            for (long i = 0; i < shard.Count; i++)
                tokens.Add(shard[i]);
        }

        return tokens;
    }

    private void Write(string name, params string[] lines) => File.WriteAllText(_folder.Combine(name), string.Join('\n', lines));
}
