using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Daso.Cluster;
using Daso.Communication;
using Daso.Communication.Mpi;
using Daso.Data;
using Daso.Recording;
using Daso.Tests.Cluster;
using Daso.Tests.Training;
using Daso.Training;

namespace Daso.Tests.Communication.Mpi;

/// <summary>What one of 2 × 2 processes does; started by <see cref="MpiTests"/>.</summary>
public class MpiRankTests
{
    /// <summary>More than one piece of 256 KiB in every format, and no multiple of one.</summary>
    private const int Large = 300_001;

    [Fact(Explicit = true)]
    public void Collectives()
    {
        string[] expected = TestCluster.Collect(2, 2, Everything);
        MpiProcesses.TakePart(
            ranks => Assert.Equal(expected[ranks.Rank].Split('\n'), Everything(ranks).Split('\n')));
    }

    /// <summary>As many processes as are started, each a node.</summary>
    [Fact(Explicit = true)]
    public void Collectives_between_nodes()
    {
        int nodes = Launcher.Detect(Environment.GetEnvironmentVariable)!.Processes!.Value;
        string[] expected = TestCluster.Collect(nodes, 1, Everything);
        MpiProcesses.TakePart(
            ranks => Assert.Equal(expected[ranks.Rank].Split('\n'), Everything(ranks).Split('\n')), topology: (nodes, 1));
    }

    [Fact(Explicit = true)]
    public void Two_levels() => MpiProcesses.TakePart(ranks =>
    {
        foreach (int length in (int[])[0, 5, Large])
            TwoLevelCommunicatorTests.SameSums(ranks, length);
    });

    [Fact(Explicit = true)]
    public void Overlap() => MpiProcesses.TakePart(ranks =>
    {
        PendingOperation operation = ranks.Global.StartAllReduce(new float[4 << 20], ReduceOperation.Sum);
        Assert.True(
            SpinWait.SpinUntil(() => operation.IsCompleted, TimeSpan.FromMinutes(1)), "does not go on while its rank computes");
        operation.Wait();
    });

    [Fact(Explicit = true)]
    public void Groups_do_not_wait_for_each_other() => MpiProcesses.TakePart(ranks =>
    {
        // Node 1 comes to the global group only when node 0's own group has gone on.
        if (ranks.NodeIndex == 1)
            ranks.World.Barrier();
        PendingOperation global = ranks.Global.StartAllReduce(new float[Large], ReduceOperation.Sum);
        for (int i = 0; i < 5; i++)
            ranks.Node.AllReduce(new float[Large], ReduceOperation.Sum);
        if (ranks.NodeIndex == 0)
        {
            Assert.False(global.IsCompleted);
            ranks.World.Barrier();
        }

        global.Wait();
    });

    [Fact(Explicit = true)]
    public void Memory_that_arrives_late() => MpiProcesses.TakePart(ranks =>
    {
        PendingOperation[] pending = new PendingOperation[3];
        LateMemory[] late = new LateMemory[pending.Length];
        for (int i = 0; i < pending.Length; i++)
        {
            late[i] = new LateMemory(Values(ranks.Rank, Large), afterMs: 200 * ((i + ranks.Rank) % 3));
            pending[i] = ranks.World.StartAllReduce(late[i].Memory, ReduceOperation.Sum, WireFormat.BuiltIn[i]);
        }

        for (int i = 0; i < pending.Length; i++)
        {
            float[] expected = Values(ranks.Rank, Large);
            pending[i].Wait();
            ranks.World.AllReduce(expected, ReduceOperation.Sum, WireFormat.BuiltIn[i]);
            Assert.Equal(expected, late[i].Memory.ToArray());
        }
    });

    [Fact(Explicit = true)]
    public void Device_memory() => MpiProcesses.TakePart(ranks =>
    {
        foreach (ICommunicator group in new[] { ranks.World, ranks.Node, ranks.Global })
        {
            foreach (ReduceOperation operation in Enum.GetValues<ReduceOperation>())
                Same(range => group.AllReduce(range, operation));
            for (int root = 0; root < group.Size; root++)
                Same(range => group.Broadcast(range, root));
            Same(range => group.AllGather(range, Partition.Even(range.Length, group.Size)));

            void Same(Action<TensorRange> collective)
            {
                // Whole numbers that 4 divides: their sums and means are exact in any order. The first element is beside the range.
                float[] expected = [.. Values(ranks.Rank, 1001).Select(value => 4 * MathF.Round(value))];
                using var device = new FakeDeviceTensor(expected);
                collective(expected.AsMemory(1));
                collective(device.Range(1, 1000));
                Assert.Equal(expected, device.Values.ToArray());
            }
        }
    });

    [Fact(Explicit = true)]
    public void Gpu_aware() => MpiProcesses.TakePart(_ =>
    {
        bool prefersOpenMpi = Launcher.Detect(Environment.GetEnvironmentVariable)!.PrefersOpenMpi;
        bool? takes = MpiLibrary.Load(null, prefersOpenMpi).TakesCudaMemory();
        DevicePaths.Choose(null, InterNode.GpuAwareMpi, new DeviceMeans(null, IsSharedInNodes: false, IsSharedBetweenNodes: false, takes));
    });

    [Fact(Explicit = true)]
    public void Failure() => MpiProcesses.TakePart(ranks =>
    {
        if (ranks.Rank == 2)
            throw new InvalidOperationException("the disk is full");
        ranks.World.Barrier();
    });

    [Fact(Explicit = true)]
    public void Agreed_failure() => MpiProcesses.Join(cluster =>
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        for (int i = 0; i < 3; i++)
        {
            // An operation is still under way when the ranks fail.
            float[] ofTheFailed = new float[Large];
            AgreedFailureException failure = Assert.Throws<AgreedFailureException>(() => cluster.Run(Fail, cancelled));
            Assert.Equal("diverged", failure.Message);
            cluster.Run(GoOn, cancelled);

            void Fail(RankContext ranks)
            {
                ranks.Global.StartAllReduce(ofTheFailed, ReduceOperation.Sum);
                throw new AgreedFailureException("diverged");
            }
        }

        static void GoOn(RankContext ranks)
        {
            float[] ones = [1];
            ranks.Global.AllReduce(ones, ReduceOperation.Sum);
            ranks.World.AllReduce(ones, ReduceOperation.Sum);
            Assert.Equal(8, ones[0]);
        }
    });

    [Fact(Explicit = true)]
    public void Training_that_fails_on_one_rank() => MpiProcesses.Join(cluster =>
    {
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        using IDataset whole = ShortTraining.Data.Open();
        using var damaged = new DamagedData(whole, shard: 2, batch: 7);
        using var damagedAtTheEnd = new DamagedData(whole, shard: 1, batch: -1);
        for (int kind = 0; kind < ShortTraining.Kinds.Length; kind++)
        {
            Assert.Equal("rank 2 failed: epoch 1: 3.JPEG: not a readable image", Fail(damaged));
            Assert.Equal("rank 1 failed: epoch 0, on held-out data: 3.JPEG: not a readable image", Fail(damagedAtTheEnd));
            string hash = "";
            cluster.Run(
                ranks => hash = Trainer.Run(ShortTraining.Plan(kind, whole), ranks, NullRecorder.Instance, null).ParametersSha256, cancelled);
            Assert.Equal(ShortTraining.Run(kind)[cluster.RanksHere[0]].ParametersSha256, hash);

            string Fail(IDataset data) => Assert.Throws<AgreedFailureException>(() => cluster.Run(
                ranks => Trainer.Run(ShortTraining.Plan(kind, data), ranks, NullRecorder.Instance, null), cancelled)).Message;
        }
    });

    [Fact(Explicit = true)]
    public void Stop() => MpiProcesses.Join(cluster =>
    {
        IStopAgreement agreement = cluster.AgreeOnStop();
        cluster.Run(
            ranks =>
            {
                var random = new Random(ranks.Rank);
                int step = 0;
                for (; !agreement.StopsAt(ranks.Rank, new StopPlace(0, step)); step++)
                {
                    // In step with the other node's rank only, and far from the node's other rank.
                    ranks.Global.Barrier();
                    if (random.Next(50) == 0)
                        Thread.Sleep(2);
                    if (ranks.Rank == 2 && step == 100)
                        agreement.Request();
                }

                Assert.All(ranks.World.Gather<long>(step), one => Assert.Equal(step, one));
                Assert.InRange(step, 101, int.MaxValue);
            },
            TestContext.Current.CancellationToken);
    });

    [Fact(Explicit = true)]
    public void Failure_amid_operations()
    {
        var memory = new WatchedMemory(4 << 20);
        MpiProcesses.TakePart(
            ranks =>
            {
                try
                {
                    PendingOperation last = default;
                    for (int i = 0; i < 20; i++)
                        last = ranks.World.StartAllReduce(memory.Memory, ReduceOperation.Sum);
                    if (ranks.Rank == 2)
                        throw new InvalidOperationException("the disk is full");
                    last.Wait();
                }
                finally
                {
                    memory.Free();
                }
            },
            failed: () =>
            {
                Thread.Sleep(500);
                Console.Error.WriteLine($"touches of freed memory: {memory.LateTouches}");
            });
    }

    [Fact(Explicit = true)]
    public void Absence() => MpiProcesses.TakePart(
        ranks =>
        {
            if (ranks.Rank == 3)
                Thread.Sleep(60_000);
            ranks.World.AllReduce(new float[3], ReduceOperation.Sum);
        },
        limitSeconds: 1);

    /// <summary>Every operation on every group; returns a line for each with a hash of its result's bits.</summary>
    private static string Everything(RankContext ranks)
    {
        var results = new List<string>();
        foreach (ICommunicator group in new[] { ranks.World, ranks.Node, ranks.Global, ranks.World.Split(ranks.Rank % 3, "odd"), ranks.World.Split(ranks.Rank / 3, "uneven") })
        {
            foreach (int length in new[] { 0, 1, 1000, 20_000, Large })
            {
                foreach (WireFormat wire in (WireFormat[])[.. WireFormat.BuiltIn, new ScaledBytes()])
                    InFormat(group, length, wire);
                foreach (ReduceOperation operation in (ReduceOperation[])[ReduceOperation.Sum, ReduceOperation.Min, ReduceOperation.Max])
                {
                    long[] integers = [.. Values(ranks.Rank, length).Select(value => (long)(value * 1e12f))];
                    group.AllReduce(integers, operation);
                    Add<long>($"{group.Name} {length} integers {operation}", integers);
                }

                for (int root = 0; root < group.Size; root++)
                {
                    float[] copied = Values(ranks.Rank, length);
                    group.Broadcast(copied, root);
                    Add<float>($"{group.Name} {length} broadcast {root}", copied);
                }

                Add<float>($"{group.Name} {length} gather", group.Gather<float>(Values(ranks.Rank, length)));
                Add<byte>($"{group.Name} bytes", group.Gather<byte>((byte)ranks.Rank, 1, 2));
                group.Barrier();
            }
        }

        return string.Join('\n', results);

        void InFormat(ICommunicator group, int length, WireFormat wire)
        {
            string what = $"{group.Name} {length} {wire}";
            ReduceOperation[] operations =
                length > 1000 ? [ReduceOperation.Mean, ReduceOperation.PredividedMean] : Enum.GetValues<ReduceOperation>();
            foreach (ReduceOperation operation in operations)
            {
                float[] reduced = Values(ranks.Rank, length);
                group.AllReduce(reduced, operation, wire);
                Add<float>($"{what} {operation}", reduced);
            }

            foreach (Partition parts in (Partition[])[Partition.Even(length, group.Size), Uneven(length, group.Size)])
            {
                float[] scattered = Values(ranks.Rank, length);
                group.ReduceScatter(scattered, parts, ReduceOperation.Mean, wire);
                (int offset, int count) = parts[group.Rank];
                Add<float>($"{what} scattered {count}", scattered.AsSpan(offset, count));

                float[] collected = Values(ranks.Rank, length);
                group.AllGather(collected, parts, wire);
                Add<float>($"{what} collected {count}", collected);
            }

            Add<float>($"{what} ring", RingExchange(group, Values(ranks.Rank, length), wire));
        }

        void Add<T>(string what, ReadOnlySpan<T> values)
            where T : unmanaged =>
            results.Add($"{what}: {Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes(values))[..8])}");
    }

    /// <summary>Every rank sends to the next, in two messages of one tag, beside a collective.</summary>
    private static float[] RingExchange(ICommunicator group, float[] values, WireFormat wire)
    {
        if (group.Size == 1)
            return values;
        float[] received = new float[values.Length];
        int cut = values.Length / 3, next = (group.Rank + 1) % group.Size, before = (group.Rank + group.Size - 1) % group.Size;
        PendingOperation[] pending =
        [
            group.StartSend(values.AsMemory(0, cut), next, 3, wire),
            group.StartReceive(received.AsMemory(0, cut), before, 3, wire),
            group.StartSend(values.AsMemory(cut), next, 3, wire),
            group.StartBarrier(),
            group.StartReceive(received.AsMemory(cut), before, 3, wire),
        ];
        foreach (PendingOperation one in pending)
            one.Wait();
        return received;
    }

    /// <summary>Parts of which the first is empty and the last has most.</summary>
    private static Partition Uneven(int length, int count)
    {
        int small = length / 7;
        int[] lengths = [.. Enumerable.Repeat(small, count)];
        lengths[0] = 0;
        lengths[^1] = length - (small * Math.Max(0, count - 2));
        return new Partition(lengths);
    }

    private static float[] Values(int rank, int length)
    {
        var random = new Random(rank);
        return [.. Enumerable.Range(0, length).Select(_ => (random.NextSingle() - 0.5f) * 100)];
    }
}
