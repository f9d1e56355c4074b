using Daso.Communication;
using Daso.Communication.InProcess;
using TorchSharp;

namespace Daso.Cluster;

/// <summary>A cluster inside this process: a thread per rank, collectives through shared memory, emulated links between the nodes.</summary>
/// <param name="topology">Nodes and ranks a node.</param>
/// <param name="link">Each node's link; null: unlimited.</param>
/// <param name="deviceOf">The device of a rank, by its local id.</param>
/// <param name="waitLimit">The longest that a rank waits for the others in one operation.</param>
internal sealed class EmbeddedCluster(Topology topology, LinkSpec? link, Func<int, torch.Device> deviceOf, TimeSpan waitLimit)
    : ICluster
{
    /// <inheritdoc />
    public Topology Topology => topology;

    /// <inheritdoc />
    public IReadOnlyList<int> RanksHere { get; } = [.. Enumerable.Range(0, topology.Ranks)];

    /// <inheritdoc />
    public bool HasRealLinks => false;

    /// <inheritdoc />
    public IReadOnlyList<string>? Hosts => null;

    /// <inheritdoc />
    public MachineShares Shares { get; } = MachineShares.OfThreads(
        Enumerable.Range(0, topology.Ranks).Select(rank => Devices.IdentityOf(deviceOf(topology.LocalIdOf(rank)))));

    /// <inheritdoc />
    public string Description => "threads of one process; emulated links";

    /// <inheritdoc />
    public IStopAgreement AgreeOnStop() => new SharedStopAgreement(topology.Ranks);

    /// <inheritdoc />
    public void Run(Action<RankContext> body, CancellationToken cancelled = default)
    {
        int[] nodes = [.. Enumerable.Range(0, topology.Ranks).Select(topology.NodeOf)];
        using var job = new InProcessJob(nodes, link, waitLimit);
        using CancellationTokenRegistration registration = cancelled.Register(() => job.End(new OperationCanceledException(cancelled)));
        var world = new InProcessGroup("world", 0, job, [.. Enumerable.Range(0, topology.Ranks)]);
        Thread[] threads = [.. Enumerable.Range(0, topology.Ranks).Select(rank => Start(rank, world, job, body))];
        foreach (Thread thread in threads)
            thread.Join();

        if (job.Reason is Exception reason)
            throw reason;
    }

    /// <summary>
    /// Ends the job. Called by an exception filter, that is before the rank's stack is unwound and its memory freed: by then no
    /// operation of another rank may touch it.
    /// </summary>
    private static bool Report(Exception failure, int rank, InProcessJob job)
    {
        bool isFollowing = failure is OperationCanceledException && job.Ended.IsCancellationRequested;
        if (isFollowing)
            job.WaitUntilQuiet();
        else
            job.End(failure is UserErrorException or AgreedEndException ? failure : new ClusterFailedException(rank, failure.Message, failure));
        return true;
    }

    private Thread Start(int rank, InProcessGroup world, InProcessJob job, Action<RankContext> body)
    {
        var thread = new Thread(() =>
        {
            try
            {
                torch.Device device = deviceOf(topology.LocalIdOf(rank));
                Devices.Enter(device);
                if (Shares.RanksPerGpu > 1)
                    Devices.UseOwnStream(device, rank);
                var communicator = new InProcessCommunicator(world, rank);
                body(new RankContext(
                    rank,
                    topology,
                    device,
                    communicator,
                    communicator.Split(topology.NodeOf(rank), "node"),
                    communicator.Split(topology.LocalIdOf(rank), "global"),
                    job.Ended)
                {
                    IsFirstOfProcess = rank == 0,
                });
            }
            catch (Exception failure) when (Report(failure, rank, job))
            {
                // The job's reason is thrown by Run.
            }
        })
        {
            Name = $"rank {rank}",
            IsBackground = true,
        };
        thread.Start();
        return thread;
    }
}
