using Daso.Images;
using Daso.Tests.Data;

namespace Daso.Tests.Images;

public sealed class ListingIndexTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TemporaryFolder _cache = new();

    public void Dispose()
    {
        _folder.Dispose();
        _cache.Dispose();
    }

    [Fact]
    public void A_kept_listing_is_the_folders_until_a_file_comes_or_goes_or_is_another()
    {
        ImageFiles.WriteTree(_folder.Path);
        ImageListing first = Find();
        ImageListing again = Find();
        Assert.DoesNotContain(first.Remarks, IsKept);
        Assert.Contains(again.Remarks, IsKept);
        Assert.Equal((first.Train.Count, first.HeldOut.Count, first.Fingerprint), (again.Train.Count, again.HeldOut.Count, again.Fingerprint));
        Assert.Equal(
            Enumerable.Range(0, 20).Select(image => (first.Train.NameOf(image), first.Train.LabelOf(image))),
            Enumerable.Range(0, 20).Select(image => (again.Train.NameOf(image), again.Train.LabelOf(image))));

        string image = _folder.Combine("train", "n01", "0.JPEG");
        File.Move(image, _folder.Combine("train", "n01", "00.JPEG"));
        AssertListedAnew();
        File.Delete(_folder.Combine("train", "n01", "00.JPEG"));
        AssertListedAnew();
        // In place, which no folder's time tells.
        File.AppendAllText(_folder.Combine("train", "n01", "2.JPEG"), "more");
        AssertListedAnew();
    }

    [Fact]
    public void A_damaged_file_is_none()
    {
        ImageFiles.WriteTree(_folder.Path);
        Find();
        string file = Assert.Single(Directory.GetFiles(_cache.Path));
        byte[] whole = File.ReadAllBytes(file);
        foreach (byte[] damaged in (byte[][])[[], whole[..50], whole[..^1], [.. whole[..^1], (byte)(whole[^1] ^ 1)]])
        {
            File.WriteAllBytes(file, damaged);
            AssertListedAnew();
            Assert.Equal(whole, File.ReadAllBytes(file));
        }
    }

    [Fact]
    public void Small_folders_are_not_kept()
    {
        ImageFiles.WriteTree(_folder.Path);
        new ListingIndex(_cache.Path).Find(_folder.Path, 2);
        Assert.Empty(Directory.GetFiles(_cache.Path));
    }

    private static bool IsKept(string remark) => remark.Contains("listed by", StringComparison.Ordinal);

    private ImageListing Find() => new ListingIndex(_cache.Path, fewestImages: 1).Find(_folder.Path, 2);

    private void AssertListedAnew()
    {
        Assert.DoesNotContain(Find().Remarks, IsKept);
        Assert.Contains(Find().Remarks, IsKept);
    }
}
