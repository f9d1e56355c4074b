using System.Formats.Tar;
using Daso.Data;
using Daso.Images;
using Daso.Tests.Data;
using SkiaSharp;
using TorchSharp;

namespace Daso.Tests.Images;

public sealed class ArchiveScanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_of_WebDataset_are_read_in_order_with_their_classes()
    {
        WriteShards();
        ImageListing listing = Find();
        Assert.Equal([(3, "a/0.jpg"), (0, "a/1.jpg"), (2, "b/0.jpg"), (1, "b/1.jpg")], Labels(listing.Train));
        Assert.Equal([(4, "v.jpeg")], Labels(listing.HeldOut));
        Assert.Empty(listing.Remarks);
    }

    [Fact]
    public void ImageNets_archives_are_read_as_they_are_distributed()
    {
        WriteArchives("1", "0");
        ImageListing listing = Find();
        Assert.Equal([(1, "n02_0.JPEG"), (1, "n02_1.JPEG"), (0, "n01_0.JPEG")], Labels(listing.Train));
        Assert.Equal([(1, "val_1.JPEG"), (0, "val_2.JPEG")], Labels(listing.HeldOut));
        string before = listing.Fingerprint;
        WriteArchives("n02", "n01");
        Assert.Equal(before, Find().Fingerprint);
        WriteArchives("n01", "n01");
        Assert.NotEqual(before, Find().Fingerprint);
    }

    [Fact]
    public void An_image_in_an_archive_gives_the_bits_of_its_file()
    {
        WriteArchives("1", "0");
        byte[] image = Jpeg(3);
        string file = _folder.Combine("one.jpg");
        File.WriteAllBytes(file, image);
        ImageListing arrived = ImageListing.FromBytes(Find().ToBytes(), _folder.Path);
        Assert.Equal(Decode(ImageFiles.List(file), 0), Decode(arrived.Train, 2));

        static float[] Decode(IImageList images, int number)
        {
            using var decoder = new ImageDecoder(8);
            var input = new float[3 * 8 * 8];
            decoder.Decode(images, number, new WholeImage(), default, System.Runtime.InteropServices.MemoryMarshal.AsBytes(input.AsSpan()));
            return input;
        }
    }

    [Fact]
    public void A_source_trains_on_shards()
    {
        WriteShards();
        using IDataset images = new ImageFolder { Folder = _folder.Path, BatchPerRank = 2, Crop = 8, Resize = 8, Classes = 5 }.Open();
        Assert.Empty(images.FindDamage(new Shard(0, 1)));
        using IBatchSource source = images.OpenTraining(new Shard(0, 1), 1, torch.CPU);
        source.StartEpoch(0);
        Assert.Equal([0, 1, 2, 3], source.Rest(0, batch => batch.Labels()).SelectMany(labels => labels).Order());
    }

    [Fact]
    public void What_is_wrong_with_archives_is_named()
    {
        Write("x-train-0.tar", ("a.jpg", Jpeg(1)), ("a.cls", "1"u8.ToArray()));
        AssertError("has no *val*.tar; expected *train*.tar and *val*.tar");
        Write("x-val-0.tar", ("a.jpg", Jpeg(1)), ("b.cls", "1"u8.ToArray()));
        AssertError("x-val-0.tar: a.jpg has no .cls with a number beside it");
        Write("x-val-0.tar", ("a.jpg", Jpeg(1)), ("a.cls", "7"u8.ToArray()));
        AssertError("x-val-0.tar: a.cls is 7, the model knows 5 classes");
        Write("x-val-0.tar", ("a.txt", "1"u8.ToArray()));
        AssertError("x-val-0.tar: has no images");
        Write("x-val-0.tar", ("a.jpg", Jpeg(1)));
        AssertError("x-val-0.tar: its images' classes are not known; put a file val.txt beside it");
        File.WriteAllText(_folder.Combine("val.txt"), "0\n1\n");
        AssertError("val.txt: 2 lines for the 1 images of");
        File.WriteAllText(_folder.Combine("val.txt"), "b.jpg 0\n");
        AssertError("val.txt: line 1 is about b.jpg, but image 1 is a.jpg");
        File.WriteAllText(_folder.Combine("val.txt"), "a.jpg cat\n");
        AssertError("val.txt: line 1: cat is no class");
        byte[] whole = File.ReadAllBytes(_folder.Combine("x-val-0.tar"));
        File.WriteAllBytes(_folder.Combine("x-val-0.tar"), whole[..700]);
        AssertError("x-val-0.tar: damaged archive: ");
    }

    private static IEnumerable<(int Label, string Name)> Labels(IImageList images) => Enumerable.Range(0, images.Count)
        .Select(i => (images.LabelOf(i), images.NameOf(i).Split(": ")[1]));

    private ImageListing Find() => ImageListing.Find(_folder.Path, 5);

    private void AssertError(string says) => Assert.Contains(says, Assert.Throws<UserErrorException>(Find).Message);

    private void WriteShards()
    {
        Write("train-0.tar", ("a/0.cls", "3"u8.ToArray()), ("a/0.jpg", Jpeg(1)), ("a/0.json", []), ("a/1.jpg", Jpeg(2)), ("a/1.cls", "0\n"u8.ToArray()));
        Write("train-1.tar", ("b/0.jpg", Jpeg(3)), ("b/0.cls", "2"u8.ToArray()), ("b/1.jpg", Jpeg(4)), ("b/1.cls", "1"u8.ToArray()));
        Write("validation-0.tar", ("v.jpeg", Jpeg(5)), ("v.cls", "4"u8.ToArray()));
    }

    private void WriteArchives(params string[] labels)
    {
        Write("train.tar", ("n02.tar", Tar(("n02_0.JPEG", Jpeg(1)), ("n02_1.JPEG", Jpeg(2)))), ("n01.tar", Tar(("n01_0.JPEG", Jpeg(3)))));
        Write("val.tar", ("val_2.JPEG", Jpeg(4)), ("val_1.JPEG", Jpeg(5)));
        File.WriteAllLines(_folder.Combine("val.txt"), labels.Select((label, i) => $"val_{i + 1}.JPEG {label}"));
    }

    private void Write(string name, params (string Name, byte[] Content)[] files) => File.WriteAllBytes(_folder.Combine(name), Tar(files));

    private static byte[] Tar(params (string Name, byte[] Content)[] files)
    {
        using var archive = new MemoryStream();
        using (var writer = new TarWriter(archive, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach ((string name, byte[] content) in files)
                writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(content) });
        }

        return archive.ToArray();
    }

    private static byte[] Jpeg(int number)
    {
        using var bitmap = new SKBitmap(20, 16);
        bitmap.Erase(new SKColor((byte)(40 * number), 100, 0));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
        return data.ToArray();
    }
}
