namespace Daso.Data;

/// <summary>Which samples one rank sees in an epoch, and in which batch.</summary>
internal abstract class SampleOrder
{
    /// <summary>Takes how many samples the shard has.</summary>
    protected SampleOrder(int shardSamples, int batchSize)
    {
        ShardSamples = shardSamples;
        BatchSize = batchSize;
    }

    /// <summary>Samples of this shard that an epoch shows.</summary>
    public int ShardSamples { get; }

    /// <summary>Samples of a full batch.</summary>
    public int BatchSize { get; }

    /// <summary>Batches of an epoch; the last may be smaller.</summary>
    public int BatchesPerEpoch => (ShardSamples + BatchSize - 1) / BatchSize;

    /// <summary>Samples of a batch.</summary>
    public int LengthOf(int batch) => Math.Min(BatchSize, ShardSamples - batch * BatchSize);

    /// <summary>The number, in the whole data, of a sample of the current epoch.</summary>
    public int SampleAt(int batch, int row) => SampleAt(batch * BatchSize + row);

    /// <summary>Goes to an epoch.</summary>
    public abstract void MoveTo(int epoch);

    /// <summary>The number, in the whole data, of this shard's sample at a position of the current epoch.</summary>
    protected abstract int SampleAt(int position);
}

/// <summary>
/// Training: all samples are permuted by seed and epoch, the same on every rank, and rank r of P takes places r, r + P, r + 2P, …
/// Every rank gets the same number of whole batches; what is left over changes with the epoch.
/// </summary>
internal sealed class ShuffledOrder : SampleOrder
{
    private readonly int[] _permutation;
    private readonly Shard _shard;
    private readonly int _seed;

    /// <summary>Splits the samples.</summary>
    /// <param name="samples">All samples.</param>
    /// <param name="samplesPerEpoch">How many of them an epoch shows; each epoch shows others.</param>
    /// <param name="shard">This rank's part.</param>
    /// <param name="batchSize">Samples of a batch.</param>
    /// <param name="seed">Of the order.</param>
    /// <exception cref="UserErrorException">A shard would be smaller than one batch.</exception>
    public ShuffledOrder(int samples, int samplesPerEpoch, Shard shard, int batchSize, int seed)
        : base(WholeBatches(Math.Min(samples, samplesPerEpoch), shard.Count, batchSize), batchSize)
    {
        _permutation = new int[samples];
        _shard = shard;
        _seed = seed;
    }

    /// <inheritdoc />
    public override void MoveTo(int epoch)
    {
        for (int i = 0; i < _permutation.Length; i++)
            _permutation[i] = i;
        new SeededRandom(_seed, epoch).Shuffle(_permutation);
    }

    /// <inheritdoc />
    protected override int SampleAt(int position) => _permutation[position * _shard.Count + _shard.Index];

    private static int WholeBatches(int samples, int ranks, int batchSize)
    {
        if (samples < ranks)
            throw new UserErrorException($"{samples} training samples cannot be shared by {ranks} ranks; take fewer ranks");
        int share = samples / ranks;
        if (share < batchSize)
        {
            throw new UserErrorException(
                $"{samples} training samples over {ranks} ranks are {share} a rank, less than a batch of {batchSize}; " +
                "take fewer ranks or a smaller batch");
        }

        return share - share % batchSize;
    }
}

/// <summary>
/// Evaluation: the samples in file order, a contiguous part to each rank. No sample is left out or seen twice, so parts may differ by
/// one sample and may be empty.
/// </summary>
internal sealed class FileOrder(int samples, Shard shard, int batchSize)
    : SampleOrder(Start(samples, shard.Index + 1, shard.Count) - Start(samples, shard.Index, shard.Count), batchSize)
{
    private readonly int _first = Start(samples, shard.Index, shard.Count);

    /// <inheritdoc />
    public override void MoveTo(int epoch)
    {
    }

    /// <inheritdoc />
    protected override int SampleAt(int position) => _first + position;

    private static int Start(int samples, int index, int count) => (int)((long)samples * index / count);
}
