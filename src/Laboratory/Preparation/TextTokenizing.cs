namespace Daso.Preparation;

/// <summary>
/// Makes shards of GPT-2's tokens of texts: documents in the order of the files, the mark of its end behind each, as nanoGPT has it. The result
/// does not depend on the number of threads.
/// </summary>
internal sealed class TextTokenizing
{
    private const int BatchCharacters = 1 << 22;

    private readonly Gpt2Tokenizer[] _tokenizers;
    private readonly List<TextPiece> _batch = [];
    private int _batchCharacters;
    private bool _isInDocument;
    private bool _isHeldOut;

    /// <summary>Makes the tokenizers, one a thread.</summary>
    public TextTokenizing(int threads)
    {
        _tokenizers = new Gpt2Tokenizer[threads];
        Parallel.For(0, threads, i => _tokenizers[i] = new Gpt2Tokenizer());
    }

    /// <summary>Files to read; those that are held out are held out whole.</summary>
    public required IReadOnlyList<(string Path, bool IsHeldOut)> Inputs { get; init; }

    /// <summary>The text's name in JSON lines.</summary>
    public required string Field { get; init; }

    /// <summary>Of the documents each so-manieth is held out; 0: none.</summary>
    public required int HeldOutEvery { get; init; }

    /// <summary>Takes the tokens to train on.</summary>
    public required TokenShardWriter Train { get; init; }

    /// <summary>Takes the tokens that are held out.</summary>
    public required TokenShardWriter HeldOut { get; init; }

    /// <summary>Documents so far.</summary>
    public long Documents { get; private set; }

    /// <summary>Of them held out.</summary>
    public long HeldOutDocuments { get; private set; }

    /// <summary>Reads and writes everything.</summary>
    /// <param name="progress">Told the share of the files that was read.</param>
    /// <param name="cancelled">Ends the work.</param>
    /// <exception cref="UserErrorException">A file is damaged, or no document is left for training or to be held out.</exception>
    public void Run(Action<double> progress, CancellationToken cancelled)
    {
        long all = Inputs.Sum(input => new FileInfo(input.Path) is { Exists: true } file ? file.Length : 0), before = 0;
        foreach ((string path, bool isHeldOut) in Inputs)
        {
            using var pieces = new TextPieces(path, Field);
            foreach (TextPiece piece in pieces.Read())
            {
                _batch.Add(piece);
                _batchCharacters += piece.Text.Length;
                if (_batchCharacters < BatchCharacters)
                    continue;
                WriteBatch(isHeldOut, cancelled);
                progress((before + pieces.Position) / (double)all);
            }

            WriteBatch(isHeldOut, cancelled);
            before += pieces.Position;
        }

        if (HeldOut.Tokens == 0)
        {
            throw new UserErrorException(
                HeldOutEvery > 0
                    ? $"--validation-every {HeldOutEvery}: of {Documents} in all no document would be held out; take a smaller number, or name files with --validation"
                    : "--validation: its files have no text");
        }

        if (Train.Tokens == 0)
            throw new UserErrorException("no document is left to train on");
        Train.Complete();
        HeldOut.Complete();
    }

    private void WriteBatch(bool isHeldOut, CancellationToken cancelled)
    {
        var tokens = new ushort[_batch.Count][];
        int next = -1;
        Parallel.For(0, _tokenizers.Length, worker =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < tokens.Length && !cancelled.IsCancellationRequested;)
                tokens[i] = _tokenizers[worker].Encode(_batch[i].Text);
        });
        cancelled.ThrowIfCancellationRequested();
        for (int i = 0; i < tokens.Length; i++)
            Write(tokens[i], _batch[i].EndsDocument, isHeldOut);
        _batch.Clear();
        _batchCharacters = 0;
    }

    private void Write(ushort[] tokens, bool endsDocument, bool isFileHeldOut)
    {
        if (!_isInDocument)
        {
            Documents++;
            _isHeldOut = isFileHeldOut || (HeldOutEvery > 0 && Documents % HeldOutEvery == 0);
            HeldOutDocuments += _isHeldOut ? 1 : 0;
        }

        TokenShardWriter writer = _isHeldOut ? HeldOut : Train;
        writer.Append(tokens);
        if (endsDocument)
            writer.Append([Gpt2Tokenizer.EndOfText]);
        _isInDocument = !endsDocument;
    }
}
