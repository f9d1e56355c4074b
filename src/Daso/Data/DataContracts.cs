using Daso.Specification;
using TorchSharp;

namespace Daso.Data;

/// <summary>What the data is and how batches are made of it, before anything is read.</summary>
public abstract record DataSpec : ISpecification
{
    /// <summary>Samples a rank sees in one training step.</summary>
    [AtLeast(1)]
    public required int BatchPerRank { get; init; }

    /// <summary>Training samples that an epoch shows over all ranks, drawn anew for each epoch; null: all.</summary>
    [AtLeast(1), NullAs(0)]
    public int? SamplesPerEpoch { get; init; }

    /// <summary>Checks what can be known of the settings before anything is read.</summary>
    /// <exception cref="UserErrorException">A setting out of its range; the message names it.</exception>
    public virtual void Validate()
    {
    }

    /// <summary>Finds and checks the data; the result is shared by all ranks of the process.</summary>
    /// <exception cref="UserErrorException">A file is missing or damaged; the message names it.</exception>
    public abstract IDataset Open();

    /// <summary>Opens the data in a job of several processes; by default each looks for itself.</summary>
    /// <param name="once">Does what one process should do for all, such as listing a folder. All processes call it as often and in the same
    /// order.</param>
    /// <exception cref="UserErrorException">A file is missing or damaged; the message names it.</exception>
    public virtual IDataset Open(OncePerJob once) => Open();

    /// <inheritdoc />
    public abstract void Describe(SpecificationWriter writer);

    /// <summary>What a specification says of a place: its last segment, since the rest differs between machines.</summary>
    protected static string LastSegment(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
}

/// <summary>Runs a function in one process of a job and gives what it returns to all. Collective.</summary>
/// <param name="find">Run once; the other processes wait, however long it takes.</param>
public delegate byte[] OncePerJob(Func<byte[]> find);

/// <summary>Opened data: thread-safe, shared by the ranks of a process.</summary>
public interface IDataset : IDisposable
{
    /// <summary>What throughput counts: "images" or "tokens".</summary>
    string Unit { get; }

    /// <summary>Samples to train on, over all shards.</summary>
    int TrainSamples { get; }

    /// <summary>Held-out samples, over all shards.</summary>
    int HeldOutSamples { get; }

    /// <summary>
    /// Tells this data from other data of the same name; goes into the manifest. The SHA-256 of the files' unpacked content, as "sha256:"
    /// and 64 hexadecimal digits; for folders of many files that of their names, followed by short hashes of groups of their sizes and
    /// samples of their content; "synthetic" without files.
    /// </summary>
    string Fingerprint { get; }

    /// <summary>What the user should know of the data, each in one line: what was found and is not used.</summary>
    IReadOnlyList<string> Remarks => [];

    /// <summary>How this process reads the data, by name, for the manifest: what changes the speed, but no bit.</summary>
    IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>();

    /// <summary>Reads what <see cref="DataSpec.Open()"/> has not read yet, and says what is damaged.</summary>
    /// <param name="shard">The part of all samples to read.</param>
    /// <returns>Damaged samples by their numbers in all samples to train on, followed by all held-out ones, and a line for each.</returns>
    IReadOnlyList<(int Sample, string Says)> FindDamage(Shard shard) => [];

    /// <summary>
    /// Takes samples out of the data, before any source is opened, the same ones on all ranks: epochs, counts and the fingerprint are from then on
    /// those of data without them.
    /// </summary>
    /// <param name="samples">Numbers as <see cref="FindDamage"/> gives them, ascending.</param>
    /// <exception cref="NotSupportedException">Data that finds no damage.</exception>
    void LeaveOut(IReadOnlyList<int> samples) => throw new NotSupportedException();

    /// <summary>Opens this rank's part of the training data, shuffled by seed and epoch over all ranks, whole batches only.</summary>
    /// <exception cref="UserErrorException">A shard would be smaller than one batch.</exception>
    IBatchSource OpenTraining(Shard shard, int seed, torch.Device device);

    /// <summary>Opens this rank's part of the held-out data in file order; the last batch may be smaller, no sample is seen twice.</summary>
    IBatchSource OpenHeldOut(Shard shard, torch.Device device);
}

/// <summary>One of <paramref name="Count"/> equal parts.</summary>
/// <param name="Index">0 … Count − 1: the rank.</param>
/// <param name="Count">The number of ranks.</param>
public readonly record struct Shard(int Index, int Count);

/// <summary>The batches of one rank.</summary>
public interface IBatchSource : IDisposable
{
    /// <summary>Batches that this rank gets in an epoch; the same for every rank when training.</summary>
    int BatchesPerEpoch { get; }

    /// <summary>Goes to an epoch's first batch; any epoch, in any order, so that a resumed run sees the same data.</summary>
    /// <param name="epoch">Numbered from 0.</param>
    /// <param name="firstBatch">Batches of the epoch to pass over.</param>
    void StartEpoch(int epoch, int firstBatch = 0);

    /// <summary>The next batch. Its tensors belong to the source and are valid until the next call.</summary>
    Batch Next();
}

/// <summary>Inputs and what the model should say of them.</summary>
/// <param name="Inputs">Images: float32 [B, C, H, W]; tokens: int64 [B, T].</param>
/// <param name="Targets">Classes: int64 [B]; next tokens: int64 [B, T].</param>
/// <param name="Items">Images or tokens in the batch.</param>
public readonly record struct Batch(torch.Tensor Inputs, torch.Tensor Targets, int Items);
