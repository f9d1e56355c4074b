namespace Daso.Cluster;

/// <summary>
/// What a rank does failed in the same way and at the same point on all ranks, each of which has started the same operations: the cluster
/// can go on with something else.
/// </summary>
/// <param name="message">What, and the mend; the same on all ranks.</param>
public sealed class AgreedFailureException(string message) : Exception(message);
