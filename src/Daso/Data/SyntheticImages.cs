using System.Runtime.InteropServices;
using Daso.Specification;

namespace Daso.Data;

/// <summary>
/// Images without a file, to measure speed: each class is a wave of its own direction and length, under uniform noise. A small pool of
/// images is drawn once and used again, held-out ones apart from those to train on. Inputs float32 [B, C, S, S]; targets int64 [B].
/// </summary>
[Specification("syntheticImages")]
public sealed partial record SyntheticImages : DataSpec
{
    private const int PoolSize = 32;

    /// <summary>C.</summary>
    [AtLeast(1)]
    public int Channels { get; init; } = 3;

    /// <summary>S: height and width.</summary>
    [AtLeast(1)]
    public int Size { get; init; } = 224;

    /// <summary>Classes; those beyond the pool's 32 images do not occur.</summary>
    [AtLeast(1)]
    public int Classes { get; init; } = 1000;

    /// <summary>Samples to train on; ImageNet's number.</summary>
    [AtLeast(1)]
    public int TrainSamples { get; init; } = 1_281_167;

    /// <summary>Held-out samples; ImageNet's number.</summary>
    [AtLeast(1)]
    public int HeldOutSamples { get; init; } = 50_000;

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        float[][] train = DrawPool(0);
        float[][] heldOut = DrawPool(1);
        return new SampledDataset(this)
        {
            Unit = "images",
            TrainSamples = TrainSamples,
            HeldOutSamples = HeldOutSamples,
            Fingerprint = "synthetic",
            TrainingReader = _ => new PoolReader(this, train),
            HeldOutReader = () => new PoolReader(this, heldOut),
        };
    }

    private float[][] DrawPool(int part) => [.. Enumerable.Range(0, PoolSize).Select(image => DrawImage(part, image))];

    private float[] DrawImage(int part, int image)
    {
        var wave = new SeededRandom(ClassOf(image));
        double phase = wave.NextDouble(0, 2 * Math.PI);
        double alongX = wave.NextDouble(-0.5, 0.5);
        double alongY = wave.NextDouble(-0.5, 0.5);
        var noise = new SeededRandom(part, image);
        var pixels = new float[Channels * Size * Size];
        for (int i = 0; i < pixels.Length; i++)
        {
            int x = i % Size, y = i / Size % Size;
            pixels[i] = (float)(Math.Cos(phase + alongX * x + alongY * y) + noise.NextDouble(-1, 1));
        }

        return pixels;
    }

    private int ClassOf(int image) => image % Classes;

    private sealed class PoolReader(SyntheticImages spec, float[][] pool) : SampleReader
    {
        public override SampleLayout Layout { get; } = SampleLayout.Image(spec.Channels, spec.Size, spec.Size);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            int image = sample % PoolSize;
            MemoryMarshal.AsBytes<float>(pool[image]).CopyTo(input);
            targets[0] = spec.ClassOf(image);
        }
    }
}
