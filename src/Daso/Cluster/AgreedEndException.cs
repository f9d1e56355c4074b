namespace Daso.Cluster;

/// <summary>
/// What all ranks do ended in the same way and at the same point, when each had started the same operations: the cluster can go on with
/// something else.
/// </summary>
/// <param name="message">How; the same on all ranks.</param>
internal abstract class AgreedEndException(string message) : Exception(message);

/// <summary>It failed on all ranks.</summary>
/// <param name="message">How, and the mend; the same on all ranks.</param>
internal sealed class AgreedFailureException(string message) : AgreedEndException(message);

/// <summary>All ranks stopped where they had agreed to, because somebody asked for it.</summary>
internal sealed class RunStoppedException() : AgreedEndException("stopped, to be resumed");
