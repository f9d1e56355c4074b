using Daso.Communication;
using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>Which algorithms carry out the operations of a strategy's program. The defaults are those of NCCL and of the MPICH family.</summary>
internal sealed record CommunicationModel
{
    /// <summary>The all-reduce of gradients in buckets, and of exchanges in float32.</summary>
    public CollectiveAlgorithm Ordinary { get; init; } = CollectiveAlgorithm.Ring;

    /// <summary>The all-reduce of Horovod's messages.</summary>
    public CollectiveAlgorithm Queued { get; init; } = CollectiveAlgorithm.Hierarchical;

    /// <summary>
    /// The all-reduce by MPI of numbers of 16 bit: user-defined operations, which the MPICH family sends by recursive doubling.
    /// </summary>
    public CollectiveAlgorithm UserDefined { get; init; } = CollectiveAlgorithm.RecursiveDoubling;

    /// <summary>Whether Horovod copies gradients into and out of its fusion buffer.</summary>
    public bool CopiesFusionBuffer { get; init; } = true;

    /// <summary>
    /// As on a system: on this project's own clusters every operation is the project's all-reduce, and Horovod's messages are views.
    /// </summary>
    public static CommunicationModel Of(SystemSpec system) => system switch
    {
        { IsInProcess: true } => Own(CollectiveAlgorithm.Bound),
        { SharedCores: not null } => Own(CollectiveAlgorithm.Homes),
        _ => new CommunicationModel(),
    };

    /// <summary>The project's own all-reduce for everything.</summary>
    internal static CommunicationModel Own(CollectiveAlgorithm algorithm) =>
        new() { Ordinary = algorithm, Queued = algorithm, UserDefined = algorithm, CopiesFusionBuffer = false };

    /// <summary>What an exchange takes.</summary>
    internal CollectiveTime Time(ProgramExchange exchange, SystemSpec system)
    {
        GroupShape group = GroupShape.Of(exchange.Group, system);
        return exchange.Collective switch
        {
            ProgramCollective.AllGather => CollectiveCost.AllGather(Ordinary, exchange.Wire.BytesFor(exchange.Elements), group, system),
            ProgramCollective.Messages => CollectiveCost.Messages(exchange.Wire.BytesFor(exchange.NodeElements), group, system),
            ProgramCollective.AllToAll => CollectiveCost.AllToAll(Ordinary, exchange.Wire.BytesFor(exchange.Elements), group, system),
            _ => CollectiveCost.AllReduce(
                exchange.IsByMpi && exchange.Wire != WireFormat.Float32 ? UserDefined : Ordinary, exchange.Elements, exchange.Wire, group, system),
        };
    }

    /// <summary>Packing an exchange's float32 values, or unpacking them, and staging what is sent.</summary>
    internal static double CopyNs(ProgramExchange exchange, SystemSpec system) =>
        (system.CopyBytesPerSecond is double rate ? 1e9 * exchange.Elements * sizeof(float) / rate : 0)
        + (exchange.IsByMpi && system.StagingBytesPerSecond is double staging
            ? 1e9 * exchange.Wire.BytesFor(exchange.Elements) / staging
            : 0);

    /// <summary>Whether an exchange runs only while it is waited for.</summary>
    internal static bool IsLazy(ProgramExchange exchange, SystemSpec system) => exchange.IsByMpi && !system.HasMpiProgress;
}
