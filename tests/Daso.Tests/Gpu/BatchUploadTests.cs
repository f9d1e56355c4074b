using CsCheck;
using Daso.Data;
using static TorchSharp.torch;

namespace Daso.Tests.Gpu;

public class BatchUploadTests
{
    private const int Samples = 3;

    [Fact]
    public void Each_computation_reads_its_own_batch_whatever_runs_first() => Gen.Select(Gen.Int, Gen.Int[1, 9]).Sample((seed, batches) =>
    {
        var gpu = new FakeGpu(new Random(seed)) { RunsWhenAsked = true };
        SampleLayout layout = SampleLayout.Image(1, 1, 1);
        using var buffer = new BatchBuffer(layout, Samples, CPU);
        var read = new List<(float Input, long Target)>();
        using (var upload = new BatchUpload(gpu, layout, Samples, CPU))
        {
            for (int batch = 0; batch < batches; batch++)
            {
                upload.WaitUntilRead();
                for (int row = 0; row < Samples; row++)
                    buffer.Fill(row, new Numbered(layout), batch, epoch: 0);
                (Tensor inputs, Tensor targets) = upload.Upload(buffer);
                for (int use = 0; use < 2; use++)
                    gpu.Compute(() => read.Add((inputs[Samples - 1, 0, 0, 0].item<float>(), targets[Samples - 1].item<long>())));
            }

            gpu.RunAll();
        }

        Assert.Equal(Enumerable.Range(0, 2 * batches).Select(use => ((float)(use / 2), (long)(use / 2))), read);
    });

    /// <summary>Samples that are their number.</summary>
    private sealed class Numbered(SampleLayout layout) : SampleReader
    {
        public override SampleLayout Layout => layout;

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            BitConverter.TryWriteBytes(input, (float)sample);
            targets[0] = sample;
        }
    }
}
