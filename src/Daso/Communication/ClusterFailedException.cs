namespace Daso.Communication;

/// <summary>A rank of the job failed; thrown on every other rank by whatever it waits for.</summary>
/// <param name="rank">The rank that failed first; null: what carries the emulated links.</param>
/// <param name="reason">Its message.</param>
/// <param name="inner">What it threw, where this process knows it.</param>
internal sealed class ClusterFailedException(int? rank, string reason, Exception? inner = null)
    : Exception($"{(rank is null ? "the emulated link" : $"rank {rank}")} failed: {reason}", inner)
{
    /// <summary>The rank that failed first; null: none.</summary>
    public int? Rank { get; } = rank;
}
