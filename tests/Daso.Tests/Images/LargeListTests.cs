using Daso.Images;

namespace Daso.Tests.Images;

[Collection(nameof(RunsAlone))]
public class LargeListTests
{
    /// <summary>As many images as ImageNet has to train on, with names of the same length.</summary>
    [Fact]
    public void A_rank_holds_the_list_of_a_million_images_in_less_than_100_MB()
    {
        const int Classes = 1000, InClass = 1281;
        string[] classes = [.. Enumerable.Range(0, Classes).Select(label => $"n{label:00000000}")];
        FoundImage[] images = [.. Enumerable.Repeat(new FoundImage("n01440764_10026.JPEG", 1), InClass)];
        using var bytes = new MemoryStream();
        using (var writer = new BinaryWriter(bytes, System.Text.Encoding.UTF8, leaveOpen: true))
            FolderImages.Of("folder", "train", classes, [.. Enumerable.Repeat(images, Classes)]).Write(writer);

        bytes.Position = 0;
        using var reader = new BinaryReader(bytes);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        var list = FolderImages.Read(reader, "folder");
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - before, 1, 100_000_000);
        Assert.Equal((Classes * InClass, 999), (list.Count, list.LabelOf(Classes * InClass - 1)));
    }
}
