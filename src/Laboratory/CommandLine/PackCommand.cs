using System.CommandLine;
using Daso.Images;
using Daso.Preparation;

namespace Daso.CommandLine;

/// <summary><c>data pack</c>: shards of photographs that were made smaller once.</summary>
internal static class PackCommand
{
    internal static Command Create()
    {
        var source = new Argument<string>("folder") { Description = "Photographs in ImageNet's layout, or its archives." };
        var target = new Option<string>("--out") { Description = "Folder to make.", Required = true };
        Option<int> shortSide = Number("--short-side", "Pixels that an image's short side is made to have, where it has more.", 500);
        Option<string> format = ChoiceOption.Of("--store", "What images are stored as: jpeg, or raw pixels, which cost no decoding.", "jpeg", "raw");
        Option<int> quality = Number("--quality", "Of JPEGs that are made smaller, 1 to 100.", 90);
        Option<int> shard = Number("--shard-images", "Images of a file.", 10_000);
        Option<int> seed = Number("--seed", "Of the order of the images to train on.", 1);
        Option<int> threads = Number("--threads", "Threads that decode and scale; the result is the same with any number.", Environment.ProcessorCount);
        Option<int> bad = Number("--max-bad-samples", "Leaves out so many damaged images at most.", 0);
        var command = new Command("pack", "Makes shards of photographs, made smaller once, that are read in place of the folder.")
        {
            source, target, shortSide, format, quality, shard, seed, threads, bad,
        };
        command.SetAction((parsed, cancelled) =>
        {
            foreach (Option<int> number in (Option<int>[])[shortSide, quality, shard, threads])
            {
                if (parsed.GetValue(number) < 1 || (number == quality && parsed.GetValue(number) > 100))
                    throw new UserErrorException($"{number.Name} {parsed.GetValue(number)}: takes a number from 1 {(number == quality ? "to 100" : "on")}");
            }

            return Task.Run(
                () =>
                {
                    using var folder = new PreparedFolder(target.Name, parsed.GetValue(target)!);
                    var packing = new ImagePacking
                    {
                        Images = ImageListing.Find(parsed.GetValue(source)!, int.MaxValue),
                        Folder = folder.Path,
                        ShortSide = parsed.GetValue(shortSide),
                        Format = parsed.GetValue(format) == "raw" ? PackedFormat.Raw : PackedFormat.Jpeg,
                        Quality = parsed.GetValue(quality),
                        ShardImages = parsed.GetValue(shard),
                        Seed = parsed.GetValue(seed),
                        Threads = parsed.GetValue(threads),
                        MostBadImages = parsed.GetValue(bad),
                    };
                    foreach (string remark in packing.Images.Remarks)
                        parsed.InvocationConfiguration.Error.WriteLine($"note: {remark}");
                    LongTask.Show("pack", progress => packing.Run(progress, cancelled));
                    folder.Complete();
                    foreach (string says in packing.LeftOut)
                        parsed.InvocationConfiguration.Error.WriteLine($"left out: {says}");
                    parsed.InvocationConfiguration.Output.WriteLine(FormattableString.Invariant(
                        $"images {packing.Images.Count - packing.LeftOut.Count}, bytes {packing.Bytes}"));
                },
                CancellationToken.None);
        });
        return command;
    }

    private static Option<int> Number(string name, string description, int byDefault) =>
        new(name) { Description = description, DefaultValueFactory = _ => byDefault };
}
