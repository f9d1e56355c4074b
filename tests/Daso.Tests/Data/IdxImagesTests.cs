using System.Buffers.Binary;
using System.IO.Compression;
using Daso.Data;
using Daso.Specification;
using TorchSharp;

namespace Daso.Tests.Data;

public sealed class IdxImagesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Committed_digits_load_whole_and_normalised()
    {
        using IDataset digits = new IdxImages { Folder = CommittedData.PathOf("mnist-10k"), BatchPerRank = 500 }.Open();
        Assert.Equal((8000, 2000, "images"), (digits.TrainSamples, digits.HeldOutSamples, digits.Unit));
        using IBatchSource source = digits.OpenTraining(new Shard(0, 1), 1, torch.CPU);
        var histogram = new int[10];
        double sum = 0, squares = 0;
        source.StartEpoch(0);
        for (int i = 0; i < source.BatchesPerEpoch; i++)
        {
            Batch batch = source.Next();
            Assert.Equal([500, 1, 28, 28], batch.Inputs.shape);
            Assert.Equal([500], batch.Targets.shape);
            foreach (long label in batch.Labels())
                histogram[label]++;
            foreach (float value in batch.Images())
            {
                sum += value;
                squares += value * value;
            }
        }

        double values = 8000 * 28 * 28;
        Assert.All(histogram, count => Assert.InRange(count, 600, 1000));
        Assert.Equal(0, sum / values, 1e-4);
        Assert.Equal(1, squares / values, 1e-4);
    }

    [Fact]
    public void Held_out_digits_come_in_file_order_and_the_last_batch_is_smaller()
    {
        using IDataset digits = new IdxImages { Folder = CommittedData.PathOf("mnist-10k"), BatchPerRank = 300 }.Open();
        using IBatchSource source = digits.OpenHeldOut(new Shard(0, 1), torch.CPU);
        source.StartEpoch(0);
        List<(int Items, long[] Shape, long[] Labels)> batches =
            source.Rest(0, batch => (batch.Items, batch.Inputs.shape, batch.Labels()));
        Assert.Equal([300, 300, 300, 300, 300, 300, 200], batches.Select(batch => batch.Items));
        Assert.Equal([200, 1, 28, 28], batches[^1].Shape);
        IdxArray labels = IdxArray.Read(CommittedData.PathOf("mnist-10k", "t10k-labels-idx1-ubyte.gz"), 1);
        Assert.Equal(labels.Values.ToArray().Select(label => (long)label), batches.SelectMany(batch => batch.Labels));
    }

    [Fact]
    public void Plain_and_gzip_files_give_the_same_bits_and_fingerprint()
    {
        WriteAll(gzip: true);
        using IDataset packed = Open();
        foreach (string file in Directory.GetFiles(_folder.Path))
            File.Delete(file);
        WriteAll(gzip: false);
        using IDataset plain = Open();
        Assert.Equal(packed.Fingerprint, plain.Fingerprint);
        Assert.Matches("^sha256:[0-9a-f]{64}$", plain.Fingerprint);
        Assert.Equal(FirstImages(packed), FirstImages(plain));
    }

    [Fact]
    public void Given_constants_normalise()
    {
        WriteAll(gzip: false);
        using IDataset dataset = new IdxImages { Folder = _folder.Path, BatchPerRank = 1, Mean = 0.5, StandardDeviation = 0.25 }.Open();
        using IBatchSource source = dataset.OpenHeldOut(new Shard(0, 1), torch.CPU);
        source.StartEpoch(0);
        Assert.Equal([-2f, (float)((1 / 255.0 - 0.5) / 0.25), (float)((2 / 255.0 - 0.5) / 0.25), 2f], source.Next().Images());
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte", "no such file")]
    [InlineData("t10k-labels-idx1-ubyte", "no such file")]
    public void A_missing_file_is_named(string name, string says)
    {
        WriteAll(gzip: false);
        File.Delete(_folder.Combine(name));
        AssertNames(name, says);
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte", 3, 1, "begins with 0x00000801, not with 0x00000803")]
    [InlineData("train-labels-idx1-ubyte", 2, 9, "begins with 0x00000901")]
    [InlineData("train-images-idx3-ubyte", 7, 9, "announces 36 values (9 × 2 × 2), 16 follow: it is truncated")]
    [InlineData("train-images-idx3-ubyte", 7, 3, "announces 12 values (3 × 2 × 2), 16 follow: it has trailing bytes")]
    [InlineData("train-images-idx3-ubyte", 8, 255, "dimension 1 has size")]
    [InlineData("t10k-images-idx3-ubyte", 7, 0, "dimension 0 has size 0")]
    [InlineData("t10k-labels-idx1-ubyte", 8, 10, "label 0 is 10, expected 0 to 9")]
    public void A_wrong_byte_is_reported_with_its_file(string name, int at, byte value, string says)
    {
        WriteAll(gzip: false);
        string path = _folder.Combine(name);
        byte[] bytes = File.ReadAllBytes(path);
        bytes[at] = value;
        File.WriteAllBytes(path, bytes);
        AssertNames(name, says);
    }

    [Fact]
    public void Fewer_labels_than_images_is_reported_with_both_files()
    {
        WriteAll(gzip: false);
        Write("train-labels-idx1-ubyte", [3], [0, 1, 2], gzip: false);
        AssertNames("train-labels-idx1-ubyte", "3 labels for the 4 images of");
    }

    [Fact]
    public void Other_image_sizes_for_evaluation_are_reported()
    {
        WriteAll(gzip: false);
        Write("t10k-images-idx3-ubyte", [1, 2, 3], new byte[6], gzip: false);
        AssertNames("t10k-images-idx3-ubyte", "images of 2 × 3");
    }

    [Fact]
    public void A_gzip_that_lost_any_of_its_bytes_is_reported()
    {
        WriteAll(gzip: true);
        string path = _folder.Combine("train-images-idx3-ubyte.gz");
        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(path, whole[..length]);
            AssertNames("train-images-idx3-ubyte.gz", "");
        }
    }

    [Fact]
    public void A_flipped_bit_in_a_gzip_is_reported()
    {
        WriteAll(gzip: true);
        string path = _folder.Combine("train-images-idx3-ubyte.gz");
        byte[] whole = File.ReadAllBytes(path);
        for (int at = 12; at < whole.Length; at++)
        {
            byte[] damaged = [.. whole];
            damaged[at] ^= 4;
            File.WriteAllBytes(path, damaged);
            AssertNames("train-images-idx3-ubyte.gz", "");
        }
    }

    [Theory]
    [InlineData(0, "truncated gzip")]
    [InlineData(3 << 20, "unpacks to 2415919104 bytes, held in memory are at most 2147483591")]
    public void A_gzip_that_announces_too_much_takes_no_memory(int more, string says)
    {
        WriteAll(gzip: true);
        string path = _folder.Combine("train-images-idx3-ubyte.gz");
        byte[] packed = [.. File.ReadAllBytes(path), .. new byte[more]];
        BinaryPrimitives.WriteUInt32LittleEndian(packed.AsSpan()[^4..], 0x90000000);
        File.WriteAllBytes(path, packed);
        long before = GC.GetAllocatedBytesForCurrentThread();
        AssertNames("train-images-idx3-ubyte.gz", says);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, more + (1 << 20));
    }

    [Fact]
    public void A_gz_that_is_not_gzip_is_reported()
    {
        WriteAll(gzip: false);
        File.Move(_folder.Combine("train-images-idx3-ubyte"), _folder.Combine("train-images-idx3-ubyte.gz"));
        AssertNames("train-images-idx3-ubyte.gz", "is not gzip");
    }

    [Fact]
    public void Images_all_of_one_value_cannot_be_normalised()
    {
        WriteAll(gzip: false);
        Write("train-images-idx3-ubyte", [4, 2, 2], new byte[16], gzip: false);
        AssertNames("train-images-idx3-ubyte", "standard deviation 0");
    }

    [Fact]
    public void A_batch_of_none_is_an_error()
    {
        WriteAll(gzip: false);
        Assert.Throws<UserErrorException>(() => new IdxImages { Folder = _folder.Path, BatchPerRank = 0 }.Open());
    }

    [Fact]
    public void Specification_names_the_folder_without_its_place()
    {
        var spec = new IdxImages { Folder = _folder.Combine("digits") + "/", BatchPerRank = 4, Mean = 0.5 };
        Assert.Equal(
            """{"kind":"idxImages","folder":"digits","batchPerRank":4,"samplesPerEpoch":0,"classes":10,"mean":0.5}""",
            SpecificationWriter.ToJson(spec).ToJsonString());
    }

    private IDataset Open() => new IdxImages { Folder = _folder.Path, BatchPerRank = 2 }.Open();

    private static float[] FirstImages(IDataset dataset)
    {
        using IBatchSource source = dataset.OpenTraining(new Shard(0, 1), 1, torch.CPU);
        source.StartEpoch(0);
        return source.Next().Images();
    }

    private void AssertNames(string file, string says)
    {
        var error = Assert.Throws<UserErrorException>(() => Open().Dispose());
        Assert.StartsWith(_folder.Combine(file), error.Message);
        Assert.Contains(says, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private void WriteAll(bool gzip)
    {
        Write("train-images-idx3-ubyte", [4, 2, 2], [.. Enumerable.Range(0, 16).Select(i => (byte)(i * 16))], gzip);
        Write("train-labels-idx1-ubyte", [4], [0, 9, 2, 5], gzip);
        Write("t10k-images-idx3-ubyte", [1, 2, 2], [0, 1, 2, 255], gzip);
        Write("t10k-labels-idx1-ubyte", [1], [7], gzip);
    }

    private void Write(string name, int[] sizes, byte[] values, bool gzip)
    {
        var content = new byte[4 + 4 * sizes.Length + values.Length];
        content[2] = 8;
        content[3] = (byte)sizes.Length;
        for (int i = 0; i < sizes.Length; i++)
            BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(4 + 4 * i), sizes[i]);
        values.CopyTo(content, 4 + 4 * sizes.Length);
        string path = _folder.Combine(gzip ? name + ".gz" : name);
        using Stream file = File.Create(path);
        using Stream target = gzip ? new GZipStream(file, CompressionLevel.Optimal) : file;
        target.Write(content);
    }
}
