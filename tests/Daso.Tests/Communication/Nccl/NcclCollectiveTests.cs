using Daso.Communication;
using Daso.Communication.Nccl;
using Daso.Gpu;
using Daso.Models;
using Daso.Tests.Gpu;
using static TorchSharp.torch;

namespace Daso.Tests.Communication.Nccl;

/// <summary>What NCCL is asked, against a library that notes it; the GPU is the model of streams.</summary>
public sealed class NcclCollectiveTests
{
    private const int Length = 12;
    private static readonly int[] s_nodes = [0, 0, 1];

    [Fact]
    public void A_communicator_is_made_without_blocking_of_an_id_by_value()
    {
        using StandInNccl standIn = StandInNccl.Make();
        standIn.Fail(inProgress: 2);
        NcclLibrary library = NcclLibrary.Find(standIn.File)!;
        Assert.Equal("2.28.9", library.VersionText);
        byte[] id = library.NewId();
        int sum = id.Sum(one => one);
        var gpu = new FakeGpu(new Random(1));
        using (var collective = new NcclCollective(library, gpu, id, 1, s_nodes))
        {
            Assert.False(collective.IsReady);
            Assert.False(collective.IsReady);
            Assert.True(collective.IsReady);
        }

        Assert.Equal(
            [$"init n=3 rank=1 id={sum} size=24 magic=cafebeef version=21400 blocking=0", "finalize 0x77", "destroy 0x77"], standIn.Notes);
    }

    [Fact]
    public void Operations_are_in_place_and_parts_that_differ_go_in_a_group()
    {
        using var run = new Run();
        Partition equal = Partition.Even(Length, 3), unequal = new([0, 5, 7]);
        Assert.Equal(["all-reduce 0 n=12 type=7 op=4 0x77 stream=0x3"], run.Notes(AllReduce(ReduceOperation.Mean, WireFormat.Float32)));
        Assert.Equal(["all-reduce 0 n=12 type=6 op=0 0x77 stream=0x3"], run.Notes(AllReduce(ReduceOperation.PredividedMean, WireFormat.Float16)));
        Assert.Equal(["all-reduce 0 n=12 type=9 op=2 0x77 stream=0x3"], run.Notes(AllReduce(ReduceOperation.Max, WireFormat.BFloat16)));
        Assert.Equal(["broadcast 0 n=12 type=7 root=2"], run.Notes(Call(CollectiveKind.Broadcast) with { Root = 2 }));
        Assert.Equal(["reduce-scatter 16 n=4 type=7 op=0"], run.Notes(Call(CollectiveKind.ReduceScatter) with { Parts = equal }));
        Assert.Equal(["all-gather 8 n=4 type=9"], run.Notes(Call(CollectiveKind.AllGather) with { Parts = equal, Wire = WireFormat.BFloat16 }));
        Assert.Equal(
            ["group", "reduce 0 n=5 type=7 op=3 root=1", "reduce 0 n=7 type=7 op=3 root=2", "end"],
            run.Notes(Call(CollectiveKind.ReduceScatter) with { Parts = unequal, Operation = ReduceOperation.Min }));
        Assert.Equal(
            ["group", "broadcast 0 n=5 type=7 root=1", "broadcast 0 n=7 type=7 root=2", "end"],
            run.Notes(Call(CollectiveKind.AllGather) with { Parts = unequal }));
    }

    /// <summary>NCCL's stream waits for the computation, and the computation for NCCL's stream; the host for neither.</summary>
    [Fact]
    public void An_operation_is_ordered_by_events()
    {
        using var run = new Run();
        bool isComputed = false, isReduced = false;
        run.Gpu.Compute(() => isComputed = true);
        IMemoryLease lease = run.Start(AllReduce(ReduceOperation.Sum, WireFormat.Float32));
        run.Gpu.Compute(run.Stream, () =>
        {
            Assert.True(isComputed);
            isReduced = true;
        });
        Assert.True(run.Finish());
        lease.Return();
        run.Gpu.Compute(() => Assert.True(isReduced));
        Assert.False(isComputed);
        run.Gpu.RunAll();
        Assert.True(isReduced);
    }

    [Fact]
    public void A_call_in_progress_is_not_finished()
    {
        using var run = new Run();
        run.StandIn.Fail(inProgress: 2);
        IMemoryLease lease = run.Start(AllReduce(ReduceOperation.Sum, WireFormat.Float32));
        Assert.False(run.Finish());
        Assert.False(run.Finish());
        Assert.True(run.Finish());
        lease.Return();
    }

    [Fact]
    public void A_failure_at_the_start_is_said_and_aborted()
    {
        using StandInNccl standIn = StandInNccl.Make();
        standIn.Fail(init: NcclResult.InvalidUsage);
        NcclLibrary library = NcclLibrary.Find(standIn.File)!;
        NcclException failure = Assert.Throws<NcclException>(
            () => new NcclCollective(library, new FakeGpu(new Random(1)), library.NewId(), 0, s_nodes));
        Assert.Equal("ncclCommInitRankConfig: invalid usage (last words)", failure.Message);
        Assert.Equal("abort 0x77", standIn.Notes[^1]);
    }

    [Fact]
    public void A_call_that_is_refused_is_said_and_aborted()
    {
        using var run = new Run();
        run.StandIn.Fail(call: NcclResult.SystemError);
        Assert.Contains(
            "ncclAllReduce: unhandled system error",
            Assert.Throws<NcclException>(() => run.Start(AllReduce(ReduceOperation.Sum, WireFormat.Float32))).Message);
        Assert.Equal("abort 0x77", run.StandIn.Notes[^1]);
    }

    [Fact]
    public void An_error_that_comes_later_is_seen_by_the_watch_and_aborted_once()
    {
        using var run = new Run();
        _ = run.Notes(AllReduce(ReduceOperation.Sum, WireFormat.Float32));
        Assert.Null(run.Collective.Watch(TimeSpan.FromMinutes(1)));
        run.StandIn.Fail(later: NcclResult.RemoteError);
        Assert.Contains(
            "remote process exited",
            Assert.Throws<NcclException>(() => run.Collective.Watch(TimeSpan.FromMinutes(1))).Message);
        run.Collective.Abort();
        Assert.Equal(["abort 0x77"], run.StandIn.Notes);
    }

    [Fact]
    public void An_operation_that_the_device_does_not_come_to_the_end_of_is_late()
    {
        using var run = new Run();
        CollectiveCall call = AllReduce(ReduceOperation.Sum, WireFormat.Float32);
        run.Gpu.Block(run.Stream);
        IMemoryLease lease = run.Start(call);
        Assert.True(run.Finish());
        lease.Return();
        Assert.Null(run.Collective.Watch(TimeSpan.Zero));
        run.Gpu.RunWhatCan();
        Assert.Equal(call, run.Collective.Watch(TimeSpan.Zero));
        run.Gpu.Unblock(run.Stream);
        run.Gpu.RunAll();
        Assert.Null(run.Collective.Watch(TimeSpan.Zero));
    }

    [Theory]
    [InlineData(21304, "is too old; take 2.14 or later")]
    [InlineData(0, "is too old")]
    public void An_old_library_is_refused(int version, string reason)
    {
        using StandInNccl standIn = StandInNccl.Make(version);
        UserErrorException mistake = Assert.Throws<UserErrorException>(() => NcclLibrary.Find(standIn.File));
        Assert.Contains($"--nccl-library {standIn.File}: NCCL", mistake.Message);
        Assert.Contains(reason, mistake.Message);
        Assert.Equal(ExitCode.Environment, mistake.ExitCode);
    }

    [Fact]
    public void What_is_no_library_is_refused() => Assert.Contains(
        "--nccl-library /no/such.so: does not load",
        Assert.Throws<UserErrorException>(() => NcclLibrary.Find("/no/such.so")).Message);

    private static CollectiveCall Call(CollectiveKind kind) => new(kind, ElementType.Float32, Length);

    private static CollectiveCall AllReduce(ReduceOperation operation, WireFormat wire) => CollectiveCall.AllReduce(Length, operation, wire);

    /// <summary>Rank 1 of three with a tensor and a communicator of the stand-in.</summary>
    private sealed class Run : IDisposable
    {
        private readonly FlatTensor _values = new(Length, CPU);
        private readonly FlatTensor _staging = new(Length, CPU);
        private readonly GpuTransfers _transfers;
        private TensorRange _range;

        internal Run()
        {
            StandIn = StandInNccl.Make();
            NcclLibrary library = NcclLibrary.Find(StandIn.File)!;
            _transfers = new GpuTransfers(Gpu, _values.Tensor, _staging.Tensor);
            Collective = new NcclCollective(library, Gpu, library.NewId(), 1, s_nodes);
            _ = StandIn.Notes;
        }

        internal StandInNccl StandIn { get; }

        internal FakeGpu Gpu { get; } = new(new Random(1));

        internal NcclCollective Collective { get; }

        /// <summary>The group's: the third that is made.</summary>
        internal nint Stream => 3;

        public void Dispose()
        {
            StandIn.Fail();
            Collective.Dispose();
            _transfers.Dispose();
            Gpu.RunAll();
            _values.Dispose();
            _staging.Dispose();
            StandIn.Dispose();
        }

        internal IMemoryLease Start(CollectiveCall call)
        {
            Assert.True(NcclCollective.Takes(call));
            IMemoryLease lease = _transfers.Lease(
                new LeaseRequest(0, Length, Reads: (0, Length), Writes: (0, Length), IsDirect: true) { Wire = call.Wire });
            _range = lease.Range;
            Collective.Begin(call, _range);
            return lease;
        }

        internal bool Finish()
        {
            if (!Collective.Finish())
                return false;
            _range.Complete();
            return true;
        }

        internal string[] Notes(CollectiveCall call)
        {
            IMemoryLease lease = Start(call);
            Assert.True(Finish());
            lease.Return();
            Gpu.RunAll();
            return StandIn.Notes;
        }
    }
}
