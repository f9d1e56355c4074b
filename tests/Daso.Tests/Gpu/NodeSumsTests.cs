using CsCheck;
using Daso.Communication;
using Daso.Communication.InProcess;
using Daso.Gpu;
using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Tests.Gpu;

/// <summary>Operations of ranks that are threads on GPUs of one node; one thread plays all ranks, on the model of streams.</summary>
public sealed class NodeSumsTests
{
    private const int Ranks = 3;
    private const int Length = 11;

    private static readonly Partition s_parts = new([0, 4, 7]);

    [Fact]
    public void A_nodes_operations_have_the_bits_of_the_host_and_the_order_of_the_computation() =>
        Gen.Select(Gen.Int, Gen.Int[0, 2], Gen.Int[0, 6]).Sample(
            (seed, format, kind) =>
            {
                var random = new Random(seed);
                WireFormat wire = WireFormat.BuiltIn[format];
                float[][] given = [.. Enumerable.Range(0, Ranks).Select(_ => Enumerable.Range(0, Length).Select(_ => random.NextSingle() * 99).ToArray())];
                float[][] expected = [.. given.Select(one => one.ToArray())];
                Communicator[] host = Node(), device = Node();
                PendingOperation[] onHost = [.. host.Select((one, rank) => Start(one, expected[rank], kind, wire))];
                foreach (PendingOperation one in onHost)
                    one.Wait();

                var gpu = new FakeGpu(random);
                FlatTensor[] values = [.. given.Select(_ => new FlatTensor(Length, CPU))], staging = [.. given.Select(_ => new FlatTensor(Length, CPU))];
                GpuTransfers[] transfers = [.. values.Select((one, rank) => new GpuTransfers(gpu, one.Tensor, staging[rank].Tensor))];
                gpu.Compute(() =>
                {
                    for (int rank = 0; rank < Ranks; rank++)
                        given[rank].CopyTo(values[rank].Host);
                });
                PendingOperation[] onDevice =
                [
                    .. device.Select((one, rank) => Start(one, new TensorRange(transfers[rank], ElementType.Float32, 0, Length), kind, wire)),
                ];
                foreach (PendingOperation one in onDevice)
                    one.WaitOnStream();
                gpu.Compute(() =>
                {
                    for (int rank = 0; rank < Ranks; rank++)
                    {
                        (int start, int length) = kind == 4 ? s_parts[rank] : (0, Length);
                        Assert.Equal(expected[rank].AsSpan(start, length).ToArray(), values[rank].Host.Slice(start, length).ToArray());
                    }
                });
                gpu.RunAll();
                Assert.All(staging, one => Assert.All(one.Host.ToArray(), value => Assert.Equal(0, value)));
                foreach (GpuTransfers one in transfers)
                    one.Dispose();
            },
            iter: 60,
            threads: 1);

    private static PendingOperation Start(Communicator rank, TensorRange values, int kind, WireFormat wire) => kind switch
    {
        0 => rank.StartAllReduce(values, ReduceOperation.Sum, wire),
        1 => rank.StartAllReduce(values, ReduceOperation.Mean, wire),
        2 => rank.StartAllReduce(values, ReduceOperation.PredividedMean, wire),
        3 => rank.StartAllReduce(values, ReduceOperation.Max, wire),
        4 => rank.StartReduceScatter(values, s_parts, ReduceOperation.Sum, wire),
        5 => rank.StartAllGather(values, s_parts, wire),
        _ => rank.StartBroadcast(values, 1),
    };

    private static Communicator[] Node()
    {
        var job = new InProcessJob(new int[Ranks], null, TimeSpan.FromSeconds(20));
        var group = new InProcessGroup("node", 0, job, [.. Enumerable.Range(0, Ranks)]);
        return [.. Enumerable.Range(0, Ranks).Select(rank => new InProcessCommunicator(group, rank))];
    }
}
