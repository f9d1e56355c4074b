using CsCheck;
using Daso.Communication;
using Daso.Gpu;
using Daso.Models;
using static TorchSharp.torch;

namespace Daso.Tests.Gpu;

public class GpuTransfersTests
{
    private const int Length = 6;

    [Fact]
    public void Copies_are_ordered_with_the_computation_whatever_runs_first() =>
        Gen.Select(Gen.Int, Gen.Bool.Array[1, 8]).Sample((seed, rounds) =>
        {
            var random = new Random(seed);
            var gpu = new FakeGpu(random);
            using var values = new FlatTensor(Length, CPU);
            using var staging = new FlatTensor(Length, CPU);
            float[] expected = new float[Length];
            using (var transfers = new GpuTransfers(gpu, values.Tensor, staging.Tensor))
            {
                for (int round = 0; round < rounds.Length; round++)
                {
                    // Ranges that overlap those of other rounds.
                    int offset = random.Next(3), length = random.Next(1, Length - offset + 1);
                    (int, int) whole = (0, length), none = default;
                    if (rounds[round])
                        Write(offset, length, (10 * round) + 1);
                    IMemoryLease lease = transfers.Lease(
                        new LeaseRequest(offset, length, Reads: rounds[round] ? whole : none, Writes: whole, IsDirect: false));
                    TensorRange memory = lease.Range;
                    Check(offset, length);
                    while (!memory.HasArrived)
                        gpu.RunOne();
                    if (rounds[round])
                        Assert.Equal(expected.AsSpan(offset, length), memory.Floats);
                    memory.Floats.Fill((10 * round) + 2);
                    memory.Complete();
                    if (random.Next(2) == 0)
                        gpu.RunOne();
                    lease.Return();
                    expected.AsSpan(offset, length).Fill((10 * round) + 2);
                    Check();
                }
            }

            gpu.RunAll();

            void Write(int offset, int length, float value)
            {
                expected.AsSpan(offset, length).Fill(value);
                gpu.Compute(() => values.Host.Span.Slice(offset, length).Fill(value));
            }

            // Whoever has given a range away does not look at it.
            void Check(int hidden = 0, int count = 0)
            {
                float[] now = Seen(expected);
                gpu.Compute(() => Assert.Equal(now, Seen(values.Host.ToArray())));

                float[] Seen(float[] all) => [.. all[..hidden], .. all[(hidden + count)..]];
            }
        });

    [Fact]
    public void Device_memory_arrives_with_the_computation_and_cannot_be_read()
    {
        var gpu = new FakeGpu(new Random(1));
        using var values = new FlatTensor(Length, CPU);
        using var staging = new FlatTensor(Length, CPU);
        using var transfers = new GpuTransfers(gpu, values.Tensor, staging.Tensor);
        gpu.Compute(() => values.Host.Span.Fill(8));

        IMemoryLease lease = transfers.Lease(
            new LeaseRequest(3, 2, Reads: (0, 2), Writes: (0, 2), IsDirect: true) { DivisorAfter = 4 });
        TensorRange memory = lease.Range;
        Assert.False(memory.HasArrived);
        gpu.RunAll();
        Assert.True(memory.HasArrived);
        memory.Complete();
        lease.Return();
        gpu.RunAll();

        Assert.Contains("by the host", Assert.Throws<InvalidOperationException>(() => memory.Floats.Length).Message);
        Assert.Equal(
            TensorAddress.Of(values.Tensor) + (3 * sizeof(float)),
            Assert.IsAssignableFrom<DeviceMemory>(memory.Memory).AddressOf(memory.Offset));
        Assert.Equal([8, 8, 8, 2, 2, 8], values.Host.ToArray());
    }

    [Fact]
    public void A_result_comes_back_before_it_is_waited_for()
    {
        var gpu = new FakeGpu(new Random(1));
        using var values = new FlatTensor(Length, CPU);
        using var staging = new FlatTensor(Length, CPU);
        using var transfers = new GpuTransfers(gpu, values.Tensor, staging.Tensor);
        IMemoryLease lease = transfers.Lease(new LeaseRequest(0, Length, Reads: (0, Length), Writes: (0, Length), IsDirect: false));
        gpu.RunAll();
        TensorRange memory = lease.Range;
        memory.Floats.Fill(7);
        memory.Complete();
        gpu.RunAll();
        Assert.All(values.Host.ToArray(), value => Assert.Equal(7, value));
        lease.Return();
        gpu.RunAll();
    }

    /// <summary>A range that was complete at a place leaves though the computation has more to do; without the place it never does.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Values_leave_from_where_they_were_complete(bool isNoted)
    {
        var gpu = new FakeGpu(new Random(1));
        using var values = new FlatTensor(Length, CPU);
        using var staging = new FlatTensor(Length, CPU);
        using var transfers = new GpuTransfers(gpu, values.Tensor, staging.Tensor);
        using var place = new ComputationPlace(gpu);
        nint never = gpu.CreateMarker(), blocked = gpu.CreateStream();
        gpu.Compute(() => values.Host.Span.Fill(3));
        place.Set();
        gpu.Block(blocked);
        gpu.Mark(never, blocked);
        gpu.WaitFor(never, gpu.ComputeStream);

        IMemoryLease lease = transfers.Lease(
            new LeaseRequest(0, Length, Reads: (0, Length), Writes: default, IsDirect: false) { After = isNoted ? place : null });
        gpu.RunWhatCan();
        Assert.Equal(isNoted, lease.Range.HasArrived);
        gpu.Unblock(blocked);
        gpu.RunAll();
        Assert.Equal(Enumerable.Repeat(3f, Length), lease.Range.Floats.ToArray());
    }

    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float16")]
    public void A_sixteen_bit_range_is_packed_and_unpacked_by_the_device(string name)
    {
        var wire = WireFormat.Named(name);
        var gpu = new FakeGpu(new Random(1));
        using var values = new FlatTensor(Length, CPU);
        using var staging = new FlatTensor(Length, CPU);
        using var transfers = new GpuTransfers(gpu, values.Tensor, staging.Tensor);
        float[] given = [1.001f, -3.14159f, 65.4321f, 0, 7, 8];
        given.CopyTo(values.Host);
        IMemoryLease lease = transfers.Lease(
            new LeaseRequest(1, 3, Reads: (0, 3), Writes: (0, 3), IsDirect: true) { Wire = wire, DivisorBefore = 2 });
        gpu.RunAll();
        TensorRange memory = lease.Range;
        float[] expected = [.. given[1..4]];
        Reduction.Prepare(expected, 2, ReduceOperation.PredividedMean, wire);
        byte[] bytes = new byte[wire.BytesFor(3)];
        wire.Pack(expected, bytes);
        var device = Assert.IsAssignableFrom<DeviceMemory>(memory.Memory);
        byte[] packed = new byte[bytes.Length];
        System.Runtime.InteropServices.Marshal.Copy(device.AddressOf(memory.Offset), packed, 0, packed.Length);
        Assert.Equal(bytes, packed);

        memory.Complete();
        lease.Return();
        gpu.RunAll();
        Assert.Equal([given[0], .. expected, .. given[4..]], values.Host.ToArray());
    }

    [Fact]
    public void The_largest_magnitude_is_asked_for_and_seen_later()
    {
        var gpu = new FakeGpu(new Random(1));
        using var probe = new MagnitudeProbe(gpu);
        using Tensor values = tensor(new[] { 1f, -9f, 3f });
        probe.Ask(values);
        Assert.True(probe.IsAsked);
        gpu.RunAll();
        Assert.Equal((-9f, 1), probe.Take());
        Assert.False(probe.IsAsked);

        using Tensor diverged = tensor(new[] { float.PositiveInfinity, 2f, float.NaN });
        probe.Ask(diverged);
        gpu.RunAll();
        (float value, int index) = probe.Take();
        Assert.True(float.IsNaN(value));
        Assert.Equal(2, index);
    }
}
