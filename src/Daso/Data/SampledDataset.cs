using System.Collections.Concurrent;
using static TorchSharp.torch;

namespace Daso.Data;

/// <summary>A dataset whose samples are made one by one; what its kinds of data differ in is the reader.</summary>
public sealed class SampledDataset : IDataset
{
    private readonly int _batchSize;
    private readonly int _samplesPerEpoch;
    private int[] _trainLeftOut = [];
    private int[] _heldOutLeftOut = [];

    /// <summary>Takes what all kinds of data have in common.</summary>
    /// <exception cref="UserErrorException">A batch or an epoch of no samples.</exception>
    public SampledDataset(DataSpec spec)
    {
        if (spec.BatchPerRank < 1)
            throw new UserErrorException($"a batch of {spec.BatchPerRank} samples a rank: take at least 1");
        if (spec.SamplesPerEpoch < 1)
            throw new UserErrorException($"an epoch of {spec.SamplesPerEpoch} samples: take at least 1");
        _batchSize = spec.BatchPerRank;
        _samplesPerEpoch = spec.SamplesPerEpoch ?? int.MaxValue;
    }

    /// <inheritdoc />
    public required string Unit { get; init; }

    /// <inheritdoc />
    public required int TrainSamples { get => field - _trainLeftOut.Length; init; }

    /// <inheritdoc />
    public required int HeldOutSamples { get => field - _heldOutLeftOut.Length; init; }

    /// <inheritdoc />
    public required string Fingerprint
    {
        get => _trainLeftOut.Length + _heldOutLeftOut.Length == 0 ? field : DataFingerprint.Without(field, _trainLeftOut, _heldOutLeftOut);
        init;
    }

    /// <inheritdoc />
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <inheritdoc />
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>();

    /// <summary>Reads one sample whole, by any thread, and throws what is wrong with it; by its number in all training samples, followed by
    /// all held-out ones. Null: nothing is left to read after opening.</summary>
    public Action<int>? Inspect { get; init; }

    /// <summary>Makes a reader of training samples, given the seed; a reader is used by one thread, so there may be many.</summary>
    public required Func<int, SampleReader> TrainingReader { get; init; }

    /// <summary>Makes a reader of held-out samples.</summary>
    public required Func<SampleReader> HeldOutReader { get; init; }

    /// <summary>What is closed with the data.</summary>
    public IReadOnlyList<IDisposable> Owned { get; init; } = [];

    /// <summary>
    /// Threads of each source that make samples ahead of the training; 0: made by the caller when asked for, and by one thread for a GPU, which
    /// the caller is to keep busy.
    /// </summary>
    public int Threads { get; init; }

    /// <inheritdoc />
    public IBatchSource OpenTraining(Shard shard, int seed, Device device) =>
        Open(new ShuffledOrder(TrainSamples, _samplesPerEpoch, shard, _batchSize, seed), () => SkippingReader.Around(TrainingReader(seed), _trainLeftOut), device);

    /// <inheritdoc />
    public IBatchSource OpenHeldOut(Shard shard, Device device) =>
        Open(new FileOrder(HeldOutSamples, shard, _batchSize), () => SkippingReader.Around(HeldOutReader(), _heldOutLeftOut), device);

    /// <inheritdoc />
    public IReadOnlyList<(int Sample, string Says)> FindDamage(Shard shard)
    {
        if (Inspect is null)
            return [];
        var damage = new ConcurrentBag<(int Sample, string Says)>();
        int samples = (TrainSamples + HeldOutSamples - shard.Index + shard.Count - 1) / shard.Count;
        Parallel.For(0, samples, i =>
        {
            int sample = shard.Index + i * shard.Count;
            try
            {
                Inspect(sample);
            }
            catch (UserErrorException e)
            {
                damage.Add((sample, e.Message));
            }
        });
        return [.. damage.OrderBy(one => one.Sample)];
    }

    /// <inheritdoc />
    public void LeaveOut(IReadOnlyList<int> samples)
    {
        int train = TrainSamples, heldOut = HeldOutSamples;
        _trainLeftOut = [.. samples.Where(sample => sample < train)];
        _heldOutLeftOut = [.. samples.Where(sample => sample >= train).Select(sample => sample - train)];
        if (TrainSamples == 0 || HeldOutSamples == 0)
            throw new UserErrorException($"all {(TrainSamples == 0 ? $"{train} training" : $"{heldOut} held-out")} samples are damaged; replace them");
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (IDisposable one in Owned)
            one.Dispose();
    }

    private IBatchSource Open(SampleOrder order, Func<SampleReader> makeReader, Device device) => Threads == 0 && device.type == TorchSharp.DeviceType.CPU
        ? new GatheringBatches(makeReader(), order, device)
        : new PrefetchingBatches(makeReader, Math.Max(1, Threads), order, device);
}
