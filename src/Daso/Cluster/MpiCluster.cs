using Daso.Communication;
using Daso.Communication.Mpi;
using Daso.Communication.Nccl;
using TorchSharp;

namespace Daso.Cluster;

/// <summary>A cluster of processes under MPI. This process is one rank of it.</summary>
internal sealed class MpiCluster : ICluster
{
    private readonly MpiJob _job;
    private readonly Func<int, torch.Device> _deviceOf;
    private readonly ICommunicator _world;
    private readonly ICommunicator _node;
    private readonly ICommunicator _global;

    /// <summary>Splits the job's world. Collective.</summary>
    /// <param name="job">This process's part of the job.</param>
    /// <param name="deviceOf">The device of a rank, by its local id.</param>
    internal MpiCluster(MpiJob job, Func<int, torch.Device> deviceOf)
    {
        _job = job;
        _deviceOf = deviceOf;
        Topology = new Topology(job.Placement.Nodes, job.Placement.RanksPerNode);
        torch.Device device = deviceOf(Topology.LocalIdOf(Rank));
        Shares = MachineShares.OfProcesses(job.World, Devices.IdentityOf(device));
        if (device.type == DeviceType.CUDA)
        {
            Devices.Enter(device);
            job.Devices = Carriers(device);
        }

        // Of GPUs the world is split off once more: only now is it known who carries out what.
        _world = job.Devices is null ? job.World : job.World.Split(0, "world");
        _node = job.World.Split(Topology.NodeOf(Rank), "node");
        _global = job.World.Split(Topology.LocalIdOf(Rank), "global");
        job.Progress.HasCoreToSpare = Shares.ThreadsOf(Rank) > 1;
    }

    /// <inheritdoc />
    public Topology Topology { get; }

    /// <inheritdoc />
    public IReadOnlyList<int> RanksHere => [Rank];

    /// <inheritdoc />
    public bool HasRealLinks => true;

    /// <inheritdoc />
    public IReadOnlyList<string> Hosts =>
        [.. Enumerable.Range(0, Topology.Nodes).Select(node => _job.HostOf(node * Topology.RanksPerNode))];

    /// <inheritdoc />
    public MachineShares Shares { get; }

    /// <inheritdoc />
    public string Description =>
        $"processes under MPI ({_job.Library.Path}){GpuMemory}; {AllReduceChoice.Describe(_job.Settings.AllReduce)}; "
            + _job.Progress.Waiting;

    private string GpuMemory => _job.Devices is { Paths: DevicePaths paths, Nccl: var nccl }
        ? "; " + paths.Describe(nccl is null ? null : $"{nccl.VersionText} ({nccl.Path})")
        : "";

    private int Rank => _job.World.Rank;

    /// <inheritdoc />
    public IStopAgreement AgreeOnStop() => _job.StopAgreement;

    /// <inheritdoc />
    public void Run(Action<RankContext> body, CancellationToken cancelled = default)
    {
        using CancellationTokenRegistration registration = cancelled.Register(() => _job.End(new OperationCanceledException(cancelled)));
        try
        {
            torch.Device device = _deviceOf(Topology.LocalIdOf(Rank));
            Devices.Enter(device);
            body(new RankContext(Rank, Topology, device, _world, _node, _global, _job.Ended) { Failure = new RankFailure(isKept: true) });
            _job.World.Barrier();
        }
        catch (Exception failure) when (failure is not AgreedEndException && EndJob(failure))
        {
            throw _job.Reason! is UserErrorException or OperationCanceledException ? _job.Reason! : Failed(_job.Reason!);
        }
    }

    /// <summary>
    /// Ends the job here. Called by an exception filter, that is before the rank's stack is unwound and its memory freed: by then no
    /// operation may touch it.
    /// </summary>
    private bool EndJob(Exception failure)
    {
        _job.End(failure);
        _job.Progress.Halt();
        return true;
    }

    /// <summary>Who carries out operations on GPU memory, which all ranks agree on. Collective.</summary>
    /// <exception cref="UserErrorException">What the user has asked for is not there.</exception>
    private DeviceCarriers Carriers(torch.Device device)
    {
        MpiSettings settings = _job.Settings;
        NcclLibrary? nccl = NcclLibrary.Find(settings.NcclLibrary);
        long[] versions = _job.World.Gather<long>(nccl?.Version ?? 0);
        bool isOnAll = nccl is not null && versions.All(version => version == nccl.Version);
        int[] ranks = [.. Enumerable.Range(0, Topology.Ranks)];
        var means = new DeviceMeans(
            isOnAll ? nccl!.VersionText : null,
            Shares.IsGpuShared(ranks.GroupBy(Topology.NodeOf)),
            Shares.IsGpuShared(ranks.GroupBy(Topology.LocalIdOf)),
            _job.Library.TakesCudaMemory());
        var paths = DevicePaths.Choose(settings.Intra, settings.Inter, means);
        bool isUsed = paths.Intra == IntraNode.Nccl || paths.Inter == InterNode.Nccl;
        return new DeviceCarriers(paths, Devices.Gpu(device), isUsed ? nccl : null);
    }

    private ClusterFailedException Failed(Exception reason) => new(Rank, $"({_job.HostOf(Rank)}) {reason.Message}", reason);
}
