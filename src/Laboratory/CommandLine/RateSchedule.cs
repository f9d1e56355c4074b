using System.Globalization;
using Daso.Optimization;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>A learning rate as it goes on for given losses.</summary>
/// <param name="Epochs">One a loss.</param>
internal sealed record RateSchedule(IReadOnlyList<RatesOfEpoch> Epochs)
{
    /// <summary>Images to train on in ImageNet (ILSVRC 2012).</summary>
    internal const long ImageNetSamples = 1_281_167;

    /// <summary>Runs the schedule alone.</summary>
    /// <param name="spec">The schedule.</param>
    /// <param name="ranks">Ranks of the training.</param>
    /// <param name="batches">Steps of an epoch.</param>
    /// <param name="losses">The training loss of each epoch; those beyond the last are left aside.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    /// <exception cref="UserErrorException">The schedule can't be for so many ranks.</exception>
    internal static RateSchedule Of(LearningRateSpec spec, int ranks, int batches, double[] losses, int epochs)
    {
        ILearningRate rate = spec.Create(ranks, batches);
        var rows = new List<RatesOfEpoch>();
        foreach (double loss in losses.Take(epochs))
        {
            long first = (long)rows.Count * batches;
            rows.Add(new RatesOfEpoch(loss, rate.At(first), rate.At(first + batches / 2), rate.At(first + batches - 1)));
            rate.EpochEnded(loss);
        }

        return new RateSchedule(rows);
    }

    /// <summary>A row for each epoch.</summary>
    internal void Write(IAnsiConsole console)
    {
        Table table = new Table().Border(TableBorder.Rounded);
        foreach (string header in new[] { "epoch", "loss", "rate at its first batch", "middle", "last" })
            table.AddColumn(new TableColumn(header).RightAligned());
        for (int i = 0; i < Epochs.Count; i++)
        {
            RatesOfEpoch epoch = Epochs[i];
            table.AddRow([
                (i + 1).ToString(CultureInfo.InvariantCulture),
                .. new[] { epoch.Loss, epoch.First, epoch.Middle, epoch.Last }.Select(number => number.ToString("G5", CultureInfo.InvariantCulture))]);
        }

        console.Write(table);
    }

    /// <summary>One [first, middle, last] for each epoch.</summary>
    internal void WriteJson(TextWriter output)
    {
        IEnumerable<string> rows = Epochs.Select(epoch => string.Create(
            CultureInfo.InvariantCulture, $"[{epoch.First:R}, {epoch.Middle:R}, {epoch.Last:R}]"));
        output.WriteLine($"[\n  {string.Join(",\n  ", rows)}\n]");
    }
}

/// <summary>An epoch's rates.</summary>
/// <param name="Loss">Its training loss, which decides over later rates.</param>
/// <param name="First">At its first batch.</param>
/// <param name="Middle">At batch n / 2 of n, from 0.</param>
/// <param name="Last">At its last batch.</param>
internal readonly record struct RatesOfEpoch(double Loss, double First, double Middle, double Last);
