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
                    Check();
                    while (!memory.HasArrived)
                        gpu.RunOne();
                    if (rounds[round])
                        Assert.Equal(expected.AsSpan(offset, length), memory.Floats);
                    memory.Floats.Fill((10 * round) + 2);
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

            void Check()
            {
                float[] now = [.. expected];
                gpu.Compute(() => Assert.Equal(now, values.Host.ToArray()));
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

        Assert.Contains("by the host", Assert.Throws<InvalidOperationException>(() => memory.Floats.Length).Message);
        Assert.Equal(
            TensorAddress.Of(values.Tensor) + (3 * sizeof(float)),
            Assert.IsAssignableFrom<DeviceMemory>(memory.Memory).AddressOf(memory.Offset));
        lease.Return();
        Assert.Equal([8, 8, 8, 2, 2, 8], values.Host.ToArray());
    }
}
