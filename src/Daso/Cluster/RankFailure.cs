using System.Runtime.ExceptionServices;
using System.Text;
using Daso.Communication;

namespace Daso.Cluster;

/// <summary>
/// What fails on a rank without keeping it from taking part in what the others have begun: a damaged file, a parameter that is no number.
/// A thread of one process throws it, which ends all. A process that ended alone would take the whole job with it: it keeps the failure,
/// takes part without computing, and all ranks end together where they meet next.
/// </summary>
/// <param name="isKept">Whether failures are kept.</param>
internal sealed class RankFailure(bool isKept)
{
    private const int MessageBytes = 1024;

    private Exception? _first;

    /// <summary>Whether there is one.</summary>
    public bool IsThere => _first is not null;

    /// <summary>Throws a failure, or keeps it, with where it was found.</summary>
    /// <param name="failure">What has failed.</param>
    public void Note(Exception failure)
    {
        if (!isKept)
            ExceptionDispatchInfo.Throw(failure);
        _first ??= failure;
    }

    /// <summary>Ends all ranks by what some of them have kept. Collective: called by all, when they know that some have.</summary>
    /// <param name="world">All ranks.</param>
    /// <param name="place">Where in the training the ranks are.</param>
    /// <exception cref="AgreedFailureException">Always; it names the first rank that has a failure, and which.</exception>
    public void ThrowOnAll(ICommunicator world, string place)
    {
        byte[] mine = new byte[MessageBytes];
        if (_first is not null)
            Encoding.UTF8.GetEncoder().Convert(_first.Message, mine, flush: true, out _, out _, out _);
        byte[] all = world.Gather<byte>(mine);
        int rank = Array.FindIndex(all, one => one != 0) / MessageBytes;
        string message = Encoding.UTF8.GetString(all, rank * MessageBytes, MessageBytes).TrimEnd('\0');
        throw new AgreedFailureException(FormattableString.Invariant($"rank {rank} failed: {place}: {message}"));
    }
}
