using System.Diagnostics;
using Daso.Data;
using Daso.Images;
using Daso.Tests.Data;
using TorchSharp;

namespace Daso.Tests.Images;

public sealed class ImageListingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ImageListingTests() => ImageFiles.WriteTree(Images);

    private string Images => _folder.Combine("images");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_listing_that_travelled_is_the_same()
    {
        Directory.Delete(Place("val", "n01"), recursive: true);
        ImageListing listed = Scan();
        ImageListing arrived = ImageListing.FromBytes(listed.ToBytes(), Images);
        Assert.Equal((listed.Fingerprint, listed.Train.Count, listed.HeldOut.Count), (arrived.Fingerprint, arrived.Train.Count, arrived.HeldOut.Count));
        Assert.Equal(listed.Remarks, arrived.Remarks);
        Assert.Equal(Paths(listed), Paths(arrived));
        Assert.Equal(
            Directory.GetFiles(Images, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal),
            Paths(arrived).Select(image => image.Path).Order(StringComparer.Ordinal));
        Assert.All(Paths(arrived), image => Assert.Equal(image.Label, image.Path.Contains("n01", StringComparison.Ordinal) ? 0 : 1));

        static (string Path, int Label)[] Paths(ImageListing listing) =>
        [
            .. Enumerable.Range(0, listing.Train.Count).Select(i => (listing.Train.NameOf(i), listing.Train.LabelOf(i))),
            .. Enumerable.Range(0, listing.HeldOut.Count).Select(i => (listing.HeldOut.NameOf(i), listing.HeldOut.LabelOf(i))),
        ];
    }

    [Fact]
    public void One_process_of_a_job_lists_and_the_others_receive()
    {
        var spec = new ImageFolder { Folder = Images, BatchPerRank = 2, Crop = 32, Resize = 36 };
        byte[]? listing = null;
        using IDataset first = spec.Open(find => listing = find());
        using IDataset other = spec.Open(_ => listing!);
        Assert.Equal((20, 5, first.Fingerprint), (other.TrainSamples, other.HeldOutSamples, other.Fingerprint));
        using IBatchSource source = other.OpenTraining(new Shard(1, 2), 1, torch.CPU);
        source.StartEpoch(0);
        Assert.Equal(2, source.Next().Items);
    }

    [Fact]
    public void A_process_that_has_other_files_than_the_first_says_so()
    {
        byte[] listing = Scan().ToBytes();
        File.AppendAllText(Place("val", "n02", "1.JPEG"), "x");
        AssertError("bytes here, but rank 0 lists it with", () => ImageListing.FromBytes(listing, Images));
        File.Delete(Place("val", "n02", "1.JPEG"));
        AssertError($"{Place("val", "n02", "1.JPEG")}: not here, but rank 0", () => ImageListing.FromBytes(listing, Images));
    }

    [Fact]
    public void The_fingerprint_tells_names_sizes_and_content()
    {
        string before = Scan().Fingerprint;
        Assert.Equal(before, Scan().Fingerprint);
        string image = Place("val", "n01", "0.JPEG");
        byte[] content = File.ReadAllBytes(image);
        content[^10] ^= 1;
        File.WriteAllBytes(image, content);
        string exchanged = Scan().Fingerprint;
        File.AppendAllText(image, "x");
        string longer = Scan().Fingerprint;
        File.Move(image, Place("val", "n01", "00.JPEG"));
        Assert.Equal(4, new HashSet<string> { before, exchanged, longer, Scan().Fingerprint }.Count);
    }

    [Fact]
    public void Links_are_what_they_lead_to()
    {
        string elsewhere = _folder.Combine("a", "much", "longer", "place");
        ImageFiles.WriteTree(elsewhere);
        string links = _folder.Combine("links"), farLinks = _folder.Combine("far-links");
        Link(Images, links);
        Link(elsewhere, farLinks);
        string linked = Scan(links).Fingerprint;
        Assert.Equal(Scan().Fingerprint, linked);
        Assert.Equal(linked, Scan(farLinks).Fingerprint);

        File.Copy(Place("val", "n01", "0.JPEG"), Place("train", "n01", "0.JPEG"), overwrite: true);
        Assert.NotEqual(linked, Scan(links).Fingerprint);

        File.Delete(Place("train", "n01", "0.JPEG"));
        AssertError($"{Path.Combine(links, "train", "n01", "0.JPEG")}: a link to nothing", () => Scan(links));

        static void Link(string from, string to)
        {
            foreach (string file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
            {
                string link = Path.Combine(to, Path.GetRelativePath(from, file));
                Directory.CreateDirectory(Path.GetDirectoryName(link)!);
                File.CreateSymbolicLink(link, file);
            }
        }
    }

    [Fact]
    public void A_mended_image_is_told_from_other_data()
    {
        string image = Place("train", "n01", "4.JPEG");
        byte[] whole = File.ReadAllBytes(image);
        File.WriteAllBytes(image, whole[..100]);
        string damaged = Scan().Fingerprint;
        File.WriteAllBytes(image, whole);
        string mended = Scan().Fingerprint;
        Assert.True(DataFingerprint.IsMended(damaged, mended, out int changed, out int files));
        Assert.Equal((1, 25), (changed, files));
        Assert.False(DataFingerprint.IsMended(mended, mended, out _, out _));

        foreach (string other in Directory.GetFiles(Place("train"), "*", SearchOption.AllDirectories))
            File.AppendAllText(other, "x");
        Assert.False(DataFingerprint.IsMended(damaged, Scan().Fingerprint, out _, out _));
        Assert.False(DataFingerprint.IsMended("sha256:00", "sha256:01", out _, out _));
    }

    [Fact]
    public void A_mended_image_under_another_name_is_other_data()
    {
        string before = Scan().Fingerprint;
        File.Move(Place("train", "n01", "4.JPEG"), Place("train", "n01", "4.jpg"));
        Assert.False(DataFingerprint.IsMended(before, Scan().Fingerprint, out _, out _));
    }

    [Fact]
    public void Everything_that_is_not_used_is_counted_in_one_line()
    {
        Assert.Empty(Scan().Remarks);
        File.Move(Place("val", "n02", "1.JPEG"), Place("val", "1.JPEG"));
        File.Move(Place("val", "n02", "3.JPEG"), Place("val", "3.JPEG"));
        Directory.Delete(Place("val", "n02"));
        Directory.CreateDirectory(Place("train", "n01", "more", "still"));
        File.Move(Place("train", "n01", "0.JPEG"), Place("train", "n01", "more", "0.JPEG"));
        File.Move(Place("train", "n01", "2.JPEG"), Place("train", "n01", "more", "still", "2.JPEG"));
        File.Move(Place("train", "n01", "4.JPEG"), Place("train", "n01", "4.webp"));
        File.Move(Place("train", "n01", "6.JPEG"), Place("train", "n01", "6.JPE"));
        Assert.Equal(
            [
                $"--data {Images}: 2 files not used beside the class folders of val (val/1.JPEG, …); "
                + "2 files not used in subfolders of classes (train/n01/more/0.JPEG, …); "
                + "2 files not used of other kinds than .JPEG, .jpg and .png (train/n01/4.webp, …); "
                + "1 of 2 classes without validation images (n02)",
            ],
            Scan().Remarks);
    }

    [Fact]
    public void A_class_folder_whose_name_is_not_UTF8_is_an_error_for_it_would_shift_the_labels()
    {
        // .NET writes names in UTF-8 only; a shell writes any byte.
        const string Latin1 = "\"$0/$(printf 'p\\352che')\"";
        Shell($"mkdir {Latin1}");
        AssertError("this class folder's name is not UTF-8", () => Scan());
        Shell($"rmdir {Latin1}");

        void Shell(string command)
        {
            using Process shell = Process.Start("sh", ["-c", command, Place("train")]);
            shell.WaitForExit();
        }
    }

    private string Place(params ReadOnlySpan<string> parts) => Path.Combine([Images, .. parts]);

    private ImageListing Scan(string? folder = null) => ImageFolderScan.Run(folder ?? Images, 1000);

    private static void AssertError(string says, Action action) =>
        Assert.Contains(says, Assert.Throws<UserErrorException>(action).Message);
}
