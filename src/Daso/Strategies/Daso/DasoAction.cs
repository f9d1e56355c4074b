namespace Daso.Strategies;

/// <summary>What DASO does after the optimizer's step.</summary>
internal enum DasoActionKind
{
    /// <summary>The members of the group start a sum of their parameters; it is merged <see cref="DasoAction.Wait"/> batches later.</summary>
    SendForMerge,

    /// <summary>The members of the group start a mean of their parameters, finished in the same step.</summary>
    SendForMean,

    /// <summary>The members of the group wait for the sum in flight and merge it.</summary>
    Merge,

    /// <summary>The members of the group wait for the mean that they just started and take it.</summary>
    Mean,

    /// <summary>In every node, the group's member sends its parameters to the other ranks.</summary>
    Broadcast,

    /// <summary>All ranks of the cluster now hold the same parameters.</summary>
    Agree,
}

/// <summary>One action.</summary>
/// <param name="Kind">What.</param>
/// <param name="Group">The global group that does it; 0 where it means nothing.</param>
/// <param name="Wait">Of a send and of its merge: the batches between them, clipped to the epoch's end.</param>
internal readonly record struct DasoAction(DasoActionKind Kind, int Group = 0, int Wait = 0);
