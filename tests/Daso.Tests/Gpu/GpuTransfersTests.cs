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
                    Memory<float> memory;
                    if (rounds[round])
                    {
                        Write(offset, length, (10 * round) + 1);
                        memory = transfers.Outgoing(offset, length);
                    }
                    else
                    {
                        memory = transfers.Incoming(offset, length);
                    }

                    Check();
                    while (!ArrivingMemory.Behind(memory)!.HasArrived)
                        gpu.RunOne();
                    if (rounds[round])
                        Assert.Equal(expected.AsSpan(offset, length), memory.Span);
                    memory.Span.Fill((10 * round) + 2);
                    transfers.Take(offset, length);
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
    public unsafe void Device_memory_arrives_with_the_computation_and_cannot_be_read()
    {
        var gpu = new FakeGpu(new Random(1));
        using var values = new FlatTensor(Length, CPU);
        using var staging = new FlatTensor(Length, CPU);
        using var transfers = new GpuTransfers(gpu, values.Tensor, staging.Tensor);
        gpu.Compute(() => values.Host.Span.Fill(8));

        Memory<float> memory = transfers.Direct(2, 3);
        ArrivingMemory behind = ArrivingMemory.Behind(memory)!;
        Assert.False(behind.HasArrived);
        gpu.RunAll();
        Assert.True(behind.HasArrived);

        Assert.Contains("cannot be read by the host", Assert.Throws<NotSupportedException>(() => memory.ToArray()).Message);
        using (System.Buffers.MemoryHandle pinned = memory[1..].Pin())
            Assert.Equal(TensorAddress.Of(values.Tensor) + (3 * sizeof(float)), (nint)pinned.Pointer);
        Assert.IsAssignableFrom<DeviceMemory>(behind).Divide(1, 2, 4);
        Assert.Equal([8, 8, 8, 2, 2, 8], values.Host.ToArray());
    }
}
