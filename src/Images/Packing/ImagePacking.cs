using System.Collections.Concurrent;
using System.Formats.Tar;
using System.Globalization;
using System.Text;
using Daso.Data;

namespace Daso.Images;

/// <summary>
/// Writes a folder of photographs anew, made smaller once, as WebDataset's shards, which the reader takes in place of the folder: KEY.jpg or
/// KEY.ppm with KEY.cls. Images to train on are mixed by the seed, so that each shard has all classes; validation images keep their order. The
/// result does not depend on the number of threads.
/// </summary>
internal sealed class ImagePacking
{
    private const int BatchImages = 1024;

    /// <summary>What to pack.</summary>
    public required ImageListing Images { get; init; }

    /// <summary>Where the shards are made.</summary>
    public required string Folder { get; init; }

    /// <summary>Images longer than this on their short side are made smaller; pixels.</summary>
    public required int ShortSide { get; init; }

    /// <summary>What they are stored as.</summary>
    public required PackedFormat Format { get; init; }

    /// <summary>Of JPEGs, 1 to 100.</summary>
    public required int Quality { get; init; }

    /// <summary>Images of a shard; the last has the rest.</summary>
    public required int ShardImages { get; init; }

    /// <summary>Of the order of the images to train on.</summary>
    public required int Seed { get; init; }

    /// <summary>Threads that decode and scale.</summary>
    public required int Threads { get; init; }

    /// <summary>Damaged images that are left out; more are an error.</summary>
    public required int MostBadImages { get; init; }

    /// <summary>Bytes written so far.</summary>
    public long Bytes { get; private set; }

    /// <summary>Damaged images that were left out, a line each.</summary>
    public List<string> LeftOut { get; } = [];

    /// <summary>Reads and writes all.</summary>
    /// <param name="progress">Told the share of the images that is done.</param>
    /// <param name="cancelled">Ends the work.</param>
    /// <exception cref="UserErrorException">More images are damaged than may be.</exception>
    public void Run(Action<double> progress, CancellationToken cancelled)
    {
        int[] order = [.. Enumerable.Range(0, Images.Train.Count)];
        new SeededRandom(Seed).Shuffle(order);
        Pack("train", Images.Train, order, share => progress(share * order.Length / Images.Count), cancelled);
        Pack(
            "val",
            Images.HeldOut,
            [.. Enumerable.Range(0, Images.HeldOut.Count)],
            share => progress((order.Length + share * Images.HeldOut.Count) / Images.Count),
            cancelled);
    }

    private void Pack(string split, IImageList images, int[] order, Action<double> progress, CancellationToken cancelled)
    {
        ImageResizer[] resizers = [.. Enumerable.Range(0, Threads).Select(_ => new ImageResizer(ShortSide, Format, Quality))];
        int written = 0;
        TarWriter? shard = null;
        try
        {
            for (int first = 0; first < order.Length; first += BatchImages)
            {
                int[] batch = order[first..Math.Min(order.Length, first + BatchImages)];
                foreach ((int image, byte[] file) in Resize(resizers, images, batch, cancelled))
                {
                    if (written % ShardImages == 0)
                    {
                        shard?.Dispose();
                        shard = new TarWriter(
                            File.Create(Path.Combine(Folder, FormattableString.Invariant($"{split}_{written / ShardImages:000000}.tar"))), TarEntryFormat.Ustar);
                    }

                    Write(shard!, FormattableString.Invariant($"{written++:00000000}"), file, images.LabelOf(image));
                }

                progress((first + batch.Length) / (double)order.Length);
            }
        }
        finally
        {
            shard?.Dispose();
            foreach (ImageResizer resizer in resizers)
                resizer.Dispose();
        }
    }

    private List<(int Image, byte[] File)> Resize(ImageResizer[] resizers, IImageList images, int[] batch, CancellationToken cancelled)
    {
        var files = new byte[]?[batch.Length];
        var damage = new ConcurrentDictionary<int, string>();
        int next = -1;
        ImageFolderScan.ForAll(resizers.Length, worker =>
        {
            for (int i; (i = Interlocked.Increment(ref next)) < batch.Length && !cancelled.IsCancellationRequested;)
            {
                try
                {
                    files[i] = resizers[worker].Resize(images, batch[i]);
                }
                catch (UserErrorException e)
                {
                    damage[i] = e.Message;
                }
            }
        });
        cancelled.ThrowIfCancellationRequested();
        LeftOut.AddRange(damage.OrderBy(one => one.Key).Select(one => one.Value));
        if (LeftOut.Count > MostBadImages)
            throw new UserErrorException($"--max-bad-samples {MostBadImages}: {LeftOut.Count} damaged so far: {string.Join("; ", LeftOut)}");
        return [.. batch.Zip(files).Where(one => one.Second is not null).Select(one => (one.First, one.Second!))];
    }

    private void Write(TarWriter shard, string key, byte[] file, int label)
    {
        Write(shard, key + (PixelMapDecoder.IsPixelMap(file) ? ".ppm" : ".jpg"), file);
        Write(shard, key + TarFile.NumberEnding, Encoding.ASCII.GetBytes(label.ToString(CultureInfo.InvariantCulture)));
    }

    private void Write(TarWriter shard, string name, byte[] content)
    {
        shard.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, name)
        {
            DataStream = new MemoryStream(content),
            ModificationTime = DateTimeOffset.UnixEpoch,
        });
        Bytes += content.Length;
    }
}
