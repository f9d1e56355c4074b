using Daso.Data;
using Daso.Images;
using Daso.Tests.Data;
using static TorchSharp.torch;

namespace Daso.Tests.Images;

public sealed class CityScapesImagesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private CityScapesImages Spec => new()
    {
        Folder = _folder,
        BatchPerRank = 1,
        Height = CityScapesFiles.Height,
        Width = CityScapesFiles.Width,
        CropHeight = 32,
        CropWidth = 64,
        DecodeThreads = 1,
    };

    /// <summary>cityscapesScripts, helpers/labels.py: seven names tell whether the table has slipped.</summary>
    [Fact]
    public void Label_ids_become_the_19_classes()
    {
        Assert.Equal([0, 2, 5, 8, 10, 13, 18], new[] { 7, 11, 17, 21, 23, 26, 33 }.Select(id => (int)CityScapesLabels.ClassOf[id]));
        Assert.Equal(19, CityScapesLabels.ClassOf.Count(one => one != 255));
        Assert.All(new[] { 0, 3, 6, 9, 14, 18, 29, 30, 34, 255 }, id => Assert.Equal(255, CityScapesLabels.ClassOf[id]));
    }

    [Fact]
    public void A_held_out_scene_is_read_whole_pixel_by_pixel()
    {
        CityScapesFiles.Write(_folder);
        using IDataset data = Spec.Open();
        using IBatchSource source = data.OpenHeldOut(new Shard(0, 1), CPU);
        source.StartEpoch(0);
        Batch batch = source.Next();

        Assert.Equal((8, 3), (data.TrainSamples, data.HeldOutSamples));
        Assert.Equal([1, 3, 64, 128], batch.Inputs.shape);
        Assert.Equal(255, batch.Targets[0, 50, 2].item<long>());
        Assert.Equal(13, batch.Targets[0, 50, 12].item<long>());
        Assert.Equal(0, batch.Targets[0, 50, 100].item<long>());
        Assert.Equal(10, batch.Targets[0, 10, 100].item<long>());
        Assert.Equal((200 / 255f - 0.485f) / 0.229f, batch.Inputs[0, 0, 50, 12].item<float>(), 1e-5f);
        Assert.Equal((240 / 255f - 0.406f) / 0.225f, batch.Inputs[0, 2, 10, 100].item<float>(), 1e-5f);
    }

    [Fact]
    public void Every_damaged_file_is_found_by_reading_all_and_its_scene_can_be_left_out()
    {
        CityScapesFiles.Write(_folder);
        string image = Path.Combine(_folder, "leftImg8bit", "train", "bochum", "bochum_000003_000019_leftImg8bit.png");
        string labels = Path.Combine(_folder, "gtFine", "val", "aachen", "aachen_000000_000019_gtFine_labelIds.png");
        foreach (string path in (string[])[image, labels])
            File.WriteAllBytes(path, File.ReadAllBytes(path)[..^40]);
        using IDataset data = Spec.Open();
        (int Sample, string Says)[] damage = [.. data.FindDamage(new Shard(0, 1))];
        Assert.Equal([image, labels], damage.Select(one => one.Says[..one.Says.IndexOf(": ", StringComparison.Ordinal)]));

        data.LeaveOut([.. damage.Select(one => one.Sample)]);
        Assert.Equal((7, 2), (data.TrainSamples, data.HeldOutSamples));
        using IBatchSource training = data.OpenTraining(new Shard(0, 1), 1, CPU), heldOut = data.OpenHeldOut(new Shard(0, 1), CPU);
        training.StartEpoch(0);
        heldOut.StartEpoch(0);
        Assert.Equal((7, 2), (training.Rest(0, _ => 0).Count, heldOut.Rest(0, _ => 0).Count));
    }

    [Fact]
    public void Training_scenes_are_cut_alike_in_image_and_labels_and_the_same_for_a_seed()
    {
        CityScapesFiles.Write(_folder);
        CityScapesImages spec = Spec with { MinimumScale = 0.4, MaximumScale = 2 };
        (float[] Inputs, long[] Targets)[] first = Read(spec, 1), again = Read(spec, 1), other = Read(spec, 2);

        Assert.Equal(first.Select(one => one.Inputs), again.Select(one => one.Inputs));
        Assert.NotEqual(first.Select(one => one.Inputs), other.Select(one => one.Inputs));
        // A pixel deep in a class has that class's colour: sky is blue, road is grey, outside is 0.
        int sky = 0, outside = 0;
        foreach ((float[] inputs, long[] targets) in first)
        {
            for (int i = 0; i < targets.Length; i++)
            {
                bool isInside = i % 64 is > 2 and < 61 && i / 64 is > 2 and < 29
                    && Enumerable.Range(-2, 5).All(d => targets[i + d] == targets[i] && targets[i + 64 * d] == targets[i]);
                if (!isInside)
                    continue;
                float blue = inputs[2 * targets.Length + i];
                if (targets[i] == 10)
                {
                    Assert.Equal((240 / 255f - 0.406f) / 0.225f, blue, 1e-4f);
                    sky++;
                }

                outside += blue == 0 && targets[i] == 255 ? 1 : 0;
            }
        }

        Assert.True(sky > 1000, $"{sky} pixels of sky");
        Assert.True(outside > 0, "no scene was smaller than its crop");
    }

    [Fact]
    public void The_list_travels_to_other_ranks()
    {
        CityScapesFiles.Write(_folder);
        LabelledScenes found = LabelledScenes.Find(_folder), arrived = LabelledScenes.FromBytes(found.ToBytes(), "/elsewhere");

        Assert.Equal(found.Train, arrived.Train);
        Assert.Equal(found.HeldOut, arrived.HeldOut);
        Assert.Equal(found.Fingerprint, arrived.Fingerprint);
        Assert.Equal("/elsewhere/gtFine/val/aachen/aachen_000000_000019_gtFine_labelIds.png", arrived.LabelsOf(false, 0));
    }

    [Fact]
    public void What_is_missing_or_of_another_size_is_named()
    {
        Assert.Contains("leftImg8bit/train", Assert.Throws<UserErrorException>(() => Spec.Open()).Message, StringComparison.Ordinal);
        CityScapesFiles.Write(_folder);
        string message = Assert.Throws<UserErrorException>(() => Read(Spec with { Width = 256 }, 1)).Message;
        Assert.Contains("128 × 64 pixels, expected 256 × 64", message, StringComparison.Ordinal);
        string labels = Path.Combine(_folder, "gtFine", "val", "aachen", "aachen_000000_000019_gtFine_labelIds.png");
        File.Delete(labels);
        Assert.Contains(labels, Assert.Throws<UserErrorException>(() => Spec.Open()).Message, StringComparison.Ordinal);
    }

    private static (float[], long[])[] Read(CityScapesImages spec, int seed)
    {
        using IDataset data = spec.Open();
        using IBatchSource source = data.OpenTraining(new Shard(0, 1), seed, CPU);
        source.StartEpoch(0);
        return [.. Enumerable.Range(0, source.BatchesPerEpoch).Select(_ =>
        {
            Batch batch = source.Next();
            return (batch.Inputs.data<float>().ToArray(), batch.Targets.data<long>().ToArray());
        })];
    }
}
