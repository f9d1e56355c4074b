using System.Diagnostics;
using CsCheck;
using Daso.Communication;
using Daso.Tests.Cluster;

namespace Daso.Tests.Communication.InProcess;

public class InProcessCommunicatorTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("10gbit,10us")]
    public void All_reduce_adds_within_nodes_first_whatever_the_length_and_the_link(string? link) =>
        Gen.Int[0, 3 * Reduction.PieceElements].Sample(
            length =>
            {
                float[][] inputs = [.. Enumerable.Range(0, 4).Select(rank => Values(rank, length))];
                float[][] results = TestCluster.Collect(
                    2,
                    2,
                    ranks =>
                    {
                        float[] mine = [.. inputs[ranks.Rank]];
                        ranks.World.AllReduce(mine, ReduceOperation.Sum);
                        return mine;
                    },
                    link);
                for (int i = 0; i < length; i++)
                {
                    float expected = (inputs[0][i] + inputs[1][i]) + (inputs[2][i] + inputs[3][i]);
                    Assert.All(results, result => Assert.Equal(expected, result[i]));
                }
            },
            iter: 8);

    [Fact]
    public void A_sixteen_bit_sum_is_rounded_after_every_addition()
    {
        // 256 + 1 rounds to 256 in bfloat16 (8 bits), so adding 1 twice leaves 256; in float32 it would be 258.
        float[][] results = TestCluster.Collect(3, 1, ranks =>
        {
            float[] value = [ranks.Rank == 0 ? 256 : 1];
            ranks.World.AllReduce(value, ReduceOperation.Sum, WireFormat.BFloat16);
            return value;
        });
        Assert.All(results, result => Assert.Equal(256, result[0]));
    }

    [Fact]
    public void Mean_and_minimum()
    {
        (float Mean, float Min)[] results = TestCluster.Collect(2, 2, ranks =>
        {
            float[] mean = [ranks.Rank], min = [5 - ranks.Rank];
            ranks.World.AllReduce(mean, ReduceOperation.Mean);
            ranks.World.AllReduce(min, ReduceOperation.Min);
            return (mean[0], min[0]);
        });
        Assert.All(results, result => Assert.Equal((1.5f, 2f), result));
    }

    /// <summary>
    /// PyTorch's fp16_compress_hook rounds, divides, sums: 20000 stays, and of 3e-8, which is 2⁻²⁴ in float16, a quarter is lost.
    /// Horovod's average divides the sum: four times 20000 is beyond 65504.
    /// </summary>
    [Theory]
    [InlineData(ReduceOperation.PredividedMean, 20000, 20000)]
    [InlineData(ReduceOperation.PredividedMean, 3e-8f, 0)]
    [InlineData(ReduceOperation.Mean, 20000, float.PositiveInfinity)]
    [InlineData(ReduceOperation.Mean, 3e-8f, 5.9604645e-8f)]
    public void A_float16_mean_divides_before_or_after_the_sum(ReduceOperation mean, float value, float expected) =>
        Assert.Equal([expected, expected, expected, expected], TestCluster.Collect(2, 2, ranks =>
        {
            float[] values = [value];
            ranks.World.AllReduce(values, mean, WireFormat.Float16);
            return values[0];
        }));

    [Fact]
    public void Broadcast_copies_the_roots_values()
    {
        float[][] results = TestCluster.Collect(2, 2, ranks =>
        {
            float[] values = [ranks.Rank, 10 * ranks.Rank];
            ranks.World.Broadcast(values, 2);
            return values;
        });
        Assert.All(results, result => Assert.Equal([2f, 20f], result));
    }

    [Fact]
    public void Operations_of_two_communicators_of_one_group_do_not_mix()
    {
        (float A, float B)[] results = TestCluster.Collect(1, 2, ranks =>
        {
            ICommunicator second = ranks.World.Split(0, "second");
            float[] a = [1], b = [10];
            PendingOperation first, other;
            if (ranks.Rank == 0)
            {
                first = ranks.World.StartAllReduce(a, ReduceOperation.Sum);
                other = second.StartAllReduce(b, ReduceOperation.Sum);
            }
            else
            {
                other = second.StartAllReduce(b, ReduceOperation.Sum);
                first = ranks.World.StartAllReduce(a, ReduceOperation.Sum);
            }

            first.Wait();
            other.Wait();
            return (a[0], b[0]);
        });
        Assert.All(results, result => Assert.Equal((2f, 20f), result));
    }

    [Fact]
    public void A_started_operation_runs_beside_its_rank_and_takes_the_links_time()
    {
        // 500 kB each way at 10 Mbit/s: 400 ms, plus two rounds of 1 ms.
        double[] milliseconds = TestCluster.Collect(
            2,
            1,
            ranks =>
            {
                float[] values = new float[125_000];
                ranks.World.Barrier();
                long start = Stopwatch.GetTimestamp();
                PendingOperation operation = ranks.World.StartAllReduce(values, ReduceOperation.Sum);
                Assert.False(operation.IsCompleted);
                operation.Wait();
                return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            },
            "10mbit,1ms");
        // Never faster than the link; how much slower is the machine's business.
        Assert.All(milliseconds, time => Assert.True(time > 401.5, $"{time} ms"));
    }

    [Theory]
    [InlineData(2, 2, 4000)]
    [InlineData(4, 1, 6000)]
    [InlineData(1, 4, 0)]
    public void A_nodes_bytes_are_booked_once(int nodes, int ranksPerNode, long expected)
    {
        long[] bytes = TestCluster.Collect(nodes, ranksPerNode, ranks => ranks.World.AllReduce(new float[1000], ReduceOperation.Sum));
        for (int node = 0; node < nodes; node++)
            Assert.Equal(expected, bytes.Skip(node * ranksPerNode).Take(ranksPerNode).Sum());
    }

    [Fact]
    public void Sixteen_bit_formats_send_half_the_bytes() =>
        Assert.Equal([2000, 2000], TestCluster.Collect(
            2, 1, ranks => ranks.World.AllReduce(new float[1000], ReduceOperation.Sum, WireFormat.BFloat16)));

    [Fact]
    public void A_chain_broadcasts_last_node_sends_nothing() =>
        Assert.Equal([400, 0, 400], TestCluster.Collect(3, 1, ranks => ranks.World.Broadcast(new float[100], 2)));

    [Theory]
    [InlineData(null)]
    [InlineData("1gbit,10us")]
    public void An_operation_begins_when_its_memory_has_arrived(string? link) => TestCluster.Run(
        2,
        2,
        ranks =>
        {
            var late = new LateMemory([ranks.Rank + 1], afterMs: 50 * ranks.Rank);
            ranks.World.AllReduce(late.Memory, ReduceOperation.Sum);
            Assert.Equal(10, late.Memory.Span[0]);

            late = new LateMemory([ranks.Rank], afterMs: 50 * ranks.Rank);
            float[] received = new float[1];
            int next = (ranks.Rank + 1) % 4;
            PendingOperation send = ranks.World.StartSend(late.Memory, next);
            ranks.World.StartReceive(received, (ranks.Rank + 3) % 4).Wait();
            send.Wait();
            Assert.Equal([(ranks.Rank + 3) % 4], received);
        },
        link);

    [Theory]
    [InlineData(null)]
    [InlineData("1gbit,10us")]
    public void Parts_are_reduced_and_gathered_whatever_their_lengths(string? link) => TestCluster.Run(
        2,
        2,
        ranks =>
        {
            foreach (int[] lengths in (int[][])[[3, 0, 50_000, 1], [0, 0, 0, 0], [40_000, 40_000, 40_000, 40_001]])
            {
                var parts = new Partition(lengths);
                (int offset, int length) = parts[ranks.Rank];
                float[] whole = Values(ranks.Rank, parts.Length), scattered = [.. whole];
                ranks.World.AllReduce(whole, ReduceOperation.Mean, WireFormat.BFloat16);
                ranks.World.ReduceScatter(scattered, parts, ReduceOperation.Mean, WireFormat.BFloat16);
                Assert.Equal(whole.AsSpan(offset, length), scattered.AsSpan(offset, length));

                float[] gathered = new float[parts.Length];
                scattered.AsSpan(offset, length).CopyTo(gathered.AsSpan(offset));
                ranks.World.AllGather(gathered, parts);
                Assert.Equal(whole, gathered);
            }
        },
        link);

    [Theory]
    [InlineData(null)]
    [InlineData("1gbit,10us")]
    public void Messages_pass_each_other_and_arrive_in_the_order_of_their_tag(string? link) => TestCluster.Run(
        2,
        2,
        ranks =>
        {
            int next = (ranks.Rank + 1) % 4, before = (ranks.Rank + 3) % 4;
            float[][] received = [.. Enumerable.Range(0, 3).Select(_ => new float[40_000])];
            PendingOperation[] pending =
            [
                ranks.World.StartSend(Filled(1), next, tag: 7),
                ranks.World.StartSend(Filled(2), next, tag: 7),
                ranks.World.StartSend(Filled(3.001f), next, tag: 8, WireFormat.BFloat16),
                ranks.World.StartReceive(received[2], before, tag: 8, WireFormat.BFloat16),
                ranks.World.StartReceive(received[0], before, tag: 7),
                ranks.World.StartReceive(received[1], before, tag: 7),
            ];
            Assert.All(pending, one => Assert.Equal(-1, one.Sequence));
            long bytes = pending.Sum(one => one.Wait());
            Assert.Equal(ranks.Rank % 2 == 0 ? 0 : 40_000 * (4 + 4 + 2), bytes);
            Assert.All(received[0], value => Assert.Equal(1, value));
            Assert.All(received[1], value => Assert.Equal(2, value));
            Assert.All(received[2], value => Assert.Equal(3, value));

            static float[] Filled(float value)
            {
                float[] values = new float[40_000];
                values.AsSpan().Fill(value);
                return values;
            }
        },
        link);

    [Fact]
    public void Both_directions_of_a_link_carry_messages_at_once()
    {
        // 125 kB each way at 10 Mbit/s: 100 ms. One after the other they would take 200.
        double[] milliseconds = TestCluster.Collect(
            2,
            1,
            ranks =>
            {
                float[] sent = new float[31_250], received = new float[31_250];
                ranks.World.Barrier();
                long start = Stopwatch.GetTimestamp();
                PendingOperation send = ranks.World.StartSend(sent, 1 - ranks.Rank);
                ranks.World.StartReceive(received, 1 - ranks.Rank).Wait();
                send.Wait();
                return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            },
            "10mbit,0us");
        Assert.All(milliseconds, time => Assert.True(time > 99.5, $"{time} ms"));
    }

    [Fact]
    public void A_group_and_a_number_name_an_operation_on_all_its_ranks()
    {
        (long World, long Node, long Global, long First, long Second)[] ids = TestCluster.Collect(2, 2, ranks =>
        {
            PendingOperation first = ranks.Node.StartBarrier(), second = ranks.Node.StartBarrier();
            first.Wait();
            second.Wait();
            Assert.Equal(ranks.Node.Id, first.Group);
            return (ranks.World.Id, ranks.Node.Id, ranks.Global.Id, first.Sequence, second.Sequence);
        });
        Assert.All(ids, one => Assert.Equal((0, 0, 1), (one.World, one.First, one.Second)));
        Assert.Equal((ids[0].Node, ids[2].Node), (ids[1].Node, ids[3].Node));
        Assert.Equal((ids[0].Global, ids[1].Global), (ids[2].Global, ids[3].Global));
        Assert.Equal(5, ids.SelectMany(one => new[] { one.World, one.Node, one.Global }).Distinct().Count());
    }

    [Fact]
    public void Integers_and_bytes_travel_as_they_are() => TestCluster.Run(2, 2, ranks =>
    {
        long big = (1L << 60) + 1;
        long[] sum = [ranks.Rank, 1], least = [ranks.Rank - big], largest = [ranks.Rank + big];
        ranks.World.AllReduce(sum, ReduceOperation.Sum);
        ranks.World.AllReduce(least, ReduceOperation.Min);
        ranks.World.AllReduce(largest, ReduceOperation.Max);
        Assert.Equal([6, 4, -big, big + 3], [.. sum, .. least, .. largest]);
        Assert.Equal([0, 255, 1, 254, 2, 253, 3, 252], ranks.World.Gather((byte)ranks.Rank, (byte)(255 - ranks.Rank)));
        Assert.Throws<ArgumentException>(() => ranks.World.AllReduce(sum, ReduceOperation.Mean));
        Assert.Throws<ArgumentException>(() => ranks.World.AllReduce(sum, ReduceOperation.Sum, WireFormat.BFloat16));
        Assert.Throws<ArgumentException>(() => ranks.World.AllReduce(new byte[1], ReduceOperation.Sum));
    });

    /// <summary>Blocks of 64 elements share a scale: 1000.4 is rounded to a multiple of 8, and 1 beside it to nothing.</summary>
    [Fact]
    public void A_format_of_the_users_own_carries_sums_and_its_bytes_are_counted()
    {
        (float[] Sum, long Bytes)[] results = TestCluster.Collect(2, 1, ranks =>
        {
            float[] values = new float[128];
            values[0] = 1000.4f;
            values[1] = values[64] = 1;
            long bytes = ranks.World.AllReduce(values, ReduceOperation.Sum, new ScaledBytes());
            return (values[..65], bytes);
        });
        Assert.All(results, one => Assert.Equal((2000, 0, 2), (one.Sum[0], one.Sum[1], one.Sum[64])));
        Assert.All(results, one => Assert.Equal(2 * (64 + 4), one.Bytes));
    }

    [Fact]
    public void A_format_is_found_by_its_name_or_the_names_are_told()
    {
        Assert.Equal(WireFormat.BFloat16, WireFormat.Named("bfloat16"));
        Assert.EndsWith(
            "take one of Float32, BFloat16, Float16", Assert.Throws<UserErrorException>(() => WireFormat.Named("Float8")).Message);
    }

    /// <summary>Who waits for an operation when the job ends must not keep from its end who carries it out.</summary>
    [Fact]
    public async Task A_failure_during_an_operation_ends_the_job()
    {
        using var isCarriedOut = new ManualResetEventSlim();
        CancellationToken testEnds = TestContext.Current.CancellationToken;
        var run = Task.Run(() => TestCluster.Run(2, 2, ranks =>
        {
            switch (ranks.Rank)
            {
                case 0:
                    ranks.Node.AllReduce(new float[1], ReduceOperation.Sum);
                    break;
                case 1:
                    var held = new HeldMemory(() =>
                    {
                        isCarriedOut.Set();
                        ranks.Cancelled.WaitHandle.WaitOne();
                        // Until rank 0 has seen it, too.
                        Thread.Sleep(200);
                    });
                    Thread.Sleep(200); // rank 0 waits by now, so that this one carries out the operation
                    ranks.Node.AllReduce(held.Memory, ReduceOperation.Sum);
                    break;
                case 2:
                    isCarriedOut.Wait(testEnds);
                    throw new InvalidOperationException("the disk is full");
            }
        }), testEnds);

        ClusterFailedException failure =
            await Assert.ThrowsAsync<ClusterFailedException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), testEnds));
        Assert.Equal(2, failure.Rank);
    }

    [Theory]
    [InlineData(null, "rank ")]
    [InlineData("1gbit,0us", "the emulated link failed: no such memory")]
    public async Task A_failure_of_carrying_out_an_operation_ends_the_job(string? link, string who)
    {
        CancellationToken testEnds = TestContext.Current.CancellationToken;
        var run = Task.Run(
            () => TestCluster.Run(
                2,
                1,
                ranks => ranks.World.AllReduce(
                    new HeldMemory(() => throw new InvalidOperationException("no such memory")).Memory, ReduceOperation.Sum),
                link),
            testEnds);
        ClusterFailedException failure =
            await Assert.ThrowsAsync<ClusterFailedException>(() => run.WaitAsync(TimeSpan.FromSeconds(10), testEnds));
        Assert.StartsWith(who, failure.Message, StringComparison.Ordinal);
        Assert.EndsWith("failed: no such memory", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(2)]
    public void A_root_that_is_no_rank_is_refused(int root) => Assert.Contains(
        "root",
        Assert.Throws<ClusterFailedException>(
            () => TestCluster.Run(1, 2, ranks => ranks.World.Broadcast(new float[3], root))).Message,
        StringComparison.Ordinal);

    /// <summary>The last rank to arrive carries an operation out; what it needs for that is there from its first operation on.</summary>
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    [InlineData(2, 1)]
    public void Steady_state_allocates_nothing(int nodes, int lastInWarmup)
    {
        using var otherHasStarted = new Barrier(2);
        long[] allocated = TestCluster.Collect(nodes, 2 / nodes, ranks =>
        {
            float[] values = new float[100];
            AllReduce(50, isLast: ranks.Rank == lastInWarmup);
            // A collection that another test causes in between counts what is left of the thread's 8 KiB as allocated: the least of three.
            return Enumerable.Range(0, 3).Min(_ =>
            {
                long before = GC.GetAllocatedBytesForCurrentThread();
                AllReduce(100, isLast: ranks.Rank != lastInWarmup);
                return GC.GetAllocatedBytesForCurrentThread() - before;
            });

            void AllReduce(int times, bool isLast)
            {
                for (int i = 0; i < times; i++)
                {
                    if (isLast)
                        otherHasStarted.SignalAndWait();
                    PendingOperation operation = ranks.World.StartAllReduce(values, ReduceOperation.Mean);
                    if (!isLast)
                        otherHasStarted.SignalAndWait();
                    operation.Wait();
                }
            }
        });
        // An operation more may come into being when one rank runs ahead. The smallest object has 24 bytes: not even one per call.
        Assert.All(allocated, bytes => Assert.True(bytes < 100 * 24, $"{bytes} bytes in 100 operations"));
    }

    private static float[] Values(int rank, int length) => [.. Enumerable.Range(0, length).Select(i => (float)Math.Sin((i * 0.1) + rank))];
}
