using System.Runtime.InteropServices;
using System.Text.Json.Serialization;
using Daso.Specification;

namespace Daso.Data;

/// <summary>Which of the CIFAR data sets, and which of its labels.</summary>
public enum CifarSet
{
    /// <summary>CIFAR-10: 10 classes.</summary>
    Cifar10,

    /// <summary>CIFAR-100 with its 100 fine classes.</summary>
    Cifar100,

    /// <summary>CIFAR-100 with its 20 coarse classes.</summary>
    Cifar100Coarse,
}

/// <summary>
/// CIFAR's binary files, plain or gzip, under their names: data_batch_1.bin … data_batch_5.bin and test_batch.bin, or train.bin and test.bin
/// (https://www.cs.toronto.edu/~kriz/cifar.html: a record is one label, with CIFAR-100 the coarse and the fine one, then 32 × 32 bytes each
/// of red, green and blue). Training images are shifted by up to <see cref="Padding"/> pixels over black and mirrored, drawn anew for each
/// (seed, epoch, sample). Inputs float32 [B, 3, 32, 32], normalised for each colour; targets int64 [B].
/// </summary>
[Specification("cifarImages")]
public sealed partial record CifarImages : DataSpec
{
    private const int Side = 32;
    private const int Plane = Side * Side;
    private const int Pixels = 3 * Plane;

    /// <summary>Where the files are.</summary>
    [DescribedBy(nameof(FolderName)), JsonPropertyOrder(-1)]
    public required string Folder { get; init; }

    /// <summary>Which data set and labels.</summary>
    public CifarSet Set { get; init; } = CifarSet.Cifar10;

    /// <summary>Pixels by which a training image is shifted at most, in each direction; 0: not at all.</summary>
    [AtLeast(0), AtMost(Side - 1)]
    public int Padding { get; init; } = 4;

    /// <summary>Whether half of the training images are mirrored.</summary>
    public bool Flip { get; init; } = true;

    private string FolderName => LastSegment(Folder);

    private int Classes => Set switch { CifarSet.Cifar10 => 10, CifarSet.Cifar100 => 100, _ => 20 };

    /// <summary>Label bytes of a record, and which of them counts.</summary>
    private (int Count, int Used) Labels => Set switch { CifarSet.Cifar10 => (1, 0), CifarSet.Cifar100 => (2, 1), _ => (2, 0) };

    /// <inheritdoc />
    public override IDataset Open()
    {
        Validate();
        byte[] train = Set == CifarSet.Cifar10
            ? [.. ReadRecords("data_batch_1.bin"), .. ReadRecords("data_batch_2.bin"), .. ReadRecords("data_batch_3.bin"), .. ReadRecords("data_batch_4.bin"),
                .. ReadRecords("data_batch_5.bin")]
            : ReadRecords("train.bin");
        byte[] heldOut = ReadRecords(Set == CifarSet.Cifar10 ? "test_batch.bin" : "test.bin");
        float[] normalised = Normalisation(train);
        int record = Labels.Count + Pixels;
        return new SampledDataset(this)
        {
            Unit = "images",
            TrainSamples = train.Length / record,
            HeldOutSamples = heldOut.Length / record,
            Fingerprint = DataFingerprint.Of(train, heldOut),
            TrainingReader = seed => new RecordReader(this, train, normalised, seed),
            HeldOutReader = () => new RecordReader(this, heldOut, normalised, null),
        };
    }

    private byte[] ReadRecords(string name)
    {
        string path = DataFile.Find(Folder, name);
        byte[] records = DataFile.Read(path);
        int record = Labels.Count + Pixels;
        if (records.Length == 0 || records.Length % record != 0)
            throw new UserErrorException($"{path}: {records.Length} bytes are no whole number of records of {record}; fetch it again");
        for (int at = Labels.Used; at < records.Length; at += record)
        {
            if (records[at] >= Classes)
                throw new UserErrorException($"{path}: label {at / record} is {records[at]}, expected 0 to {Classes - 1}; is it {Set}?");
        }

        return records;
    }

    /// <summary>For each colour the input for each of the 256 values, by the training images' mean and deviation of that colour.</summary>
    private float[] Normalisation(byte[] records)
    {
        int record = Labels.Count + Pixels;
        var histogram = new long[3 * 256];
        for (int at = 0; at < records.Length; at += record)
        {
            ReadOnlySpan<byte> pixels = records.AsSpan(at + Labels.Count, Pixels);
            for (int i = 0; i < Pixels; i++)
                histogram[i / Plane * 256 + pixels[i]]++;
        }

        var normalised = new float[3 * 256];
        double values = (double)records.Length / record * Plane;
        for (int channel = 0; channel < 3; channel++)
        {
            double sum = 0, squares = 0;
            for (int value = 0; value < 256; value++)
            {
                sum += (double)histogram[channel * 256 + value] * value;
                squares += (double)histogram[channel * 256 + value] * value * value;
            }

            double mean = sum / values, deviation = Math.Sqrt(squares / values - mean * mean);
            if (!(deviation > 0))
                throw new UserErrorException($"{Folder}: all training images have one value in colour {channel}; they cannot be normalised");
            for (int value = 0; value < 256; value++)
                normalised[channel * 256 + value] = (float)((value - mean) / deviation);
        }

        return normalised;
    }

    private sealed class RecordReader(CifarImages spec, byte[] records, float[] normalised, int? augmentationSeed) : SampleReader
    {
        public override SampleLayout Layout { get; } = SampleLayout.Image(3, Side, Side);

        public override void Read(int sample, int epoch, Span<byte> input, Span<long> targets)
        {
            int at = sample * (spec.Labels.Count + Pixels);
            targets[0] = records[at + spec.Labels.Used];
            int left = 0, top = 0;
            bool mirrored = false;
            if (augmentationSeed is int seed)
            {
                var random = new SeededRandom(seed, epoch, sample);
                left = random.NextInt(2 * spec.Padding + 1) - spec.Padding;
                top = random.NextInt(2 * spec.Padding + 1) - spec.Padding;
                mirrored = spec.Flip && random.NextInt(2) == 1;
            }

            ReadOnlySpan<byte> pixels = records.AsSpan(at + spec.Labels.Count, Pixels);
            Span<float> values = MemoryMarshal.Cast<byte, float>(input);
            for (int row = 0; row < 3 * Side; row++)
            {
                int channel = row / Side, fromRow = row % Side + top;
                Span<float> to = values.Slice(row * Side, Side);
                ReadOnlySpan<float> inputOf = normalised.AsSpan(channel * 256, 256);
                for (int x = 0; x < Side; x++)
                {
                    int fromX = x + left;
                    bool isInside = (uint)fromRow < Side && (uint)fromX < Side;
                    byte pixel = isInside ? pixels[channel * Plane + fromRow * Side + fromX] : (byte)0;
                    to[mirrored ? Side - 1 - x : x] = inputOf[pixel];
                }
            }
        }
    }
}
