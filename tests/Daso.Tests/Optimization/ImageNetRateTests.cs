using System.Globalization;
using System.Text.Json;
using Daso.Optimization;
using Daso.Tests.CommandLine;
using Daso.Tests.Recording;

namespace Daso.Tests.Optimization;

/// <summary>The learning rates of ImageNet's recipes beside those of their sources.</summary>
public sealed class ImageNetRateTests
{
    private const double Tolerance = 1e-9;

    /// <summary>Recorded from heat's lr_warmup and torch 1.13's ReduceLROnPlateau; per epoch the rates at the first, middle and last batch.</summary>
    private static readonly JsonElement s_golden = JsonDocument.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Optimization", "golden", "heat-rates.json"))).RootElement;

    public static TheoryData<int> Cases => [.. Enumerable.Range(0, s_golden.GetProperty("cases").GetArrayLength())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Heats_rates_are_those_of_its_own_code(int number)
    {
        JsonElement recorded = s_golden.GetProperty("cases")[number];
        int batches = recorded.GetProperty("batches").GetInt32();
        ILearningRate rate = new HeatRateSpec().Create(recorded.GetProperty("ranks").GetInt32(), batches);
        int epoch = 0;
        foreach ((JsonElement loss, JsonElement rates) in recorded.GetProperty("losses").EnumerateArray().Zip(recorded.GetProperty("rates").EnumerateArray()))
        {
            foreach ((JsonElement batch, JsonElement wanted) in recorded.GetProperty("batchesShown").EnumerateArray().Zip(rates.EnumerateArray()))
                AssertClose(wanted.GetDouble(), rate.At((long)epoch * batches + batch.GetInt32()));
            rate = Resumed(rate, recorded);
            rate.EpochEnded(loss.GetDouble());
            epoch++;
        }

        Assert.Equal(90, epoch);
    }

    [Fact]
    public async Task Command_prints_the_recorded_table()
    {
        using var folder = new TemporaryFolder();
        string losses = Path.Combine(folder.Path, "losses.json");
        foreach (JsonElement recorded in s_golden.GetProperty("cases").EnumerateArray())
        {
            await File.WriteAllTextAsync(losses, recorded.GetProperty("losses").GetRawText(), TestContext.Current.CancellationToken);
            AppRun run = await AppRun.Of(
                "schedule", "--recipe", "heat", "--losses", losses, "--format", "json", "--ranks", recorded.GetProperty("ranks").GetRawText());
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            double[][] wanted = recorded.GetProperty("rates").Deserialize<double[][]>()!;
            double[][] printed = JsonSerializer.Deserialize<double[][]>(run.Output)!;
            Assert.Equal(wanted.Length, printed.Length);
            foreach ((double first, double second) in wanted.SelectMany(row => row).Zip(printed.SelectMany(row => row)))
                AssertClose(first, second);
        }
    }

    /// <summary>Goyal et al., table 1 and sections 2.1, 2.2: 0.1·k for 256·k images a step, from 0.1, over 10 after epochs 30, 60 and 80.</summary>
    [Theory]
    [InlineData(8, 32, 0.1, 0.1)]
    [InlineData(4, 256, 0.1, 0.4)]
    [InlineData(32, 256, 0.1, 3.2)]
    [InlineData(256, 32, 0.1, 3.2)]
    [InlineData(1, 64, 0.025, 0.025)]
    public void Goyals_rates_are_those_of_the_paper(int ranks, int batch, double start, double peak)
    {
        const int Batches = 157;
        ILearningRate rate = new GoyalRateSpec { BatchPerRank = batch }.Create(ranks, Batches);
        AssertClose(start, rate.At(0));
        AssertClose(start + (peak - start) / 5, rate.At(Batches));
        AssertClose(start + (peak - start) * (5 * Batches - 1) / (5 * Batches), rate.At(5 * Batches - 1));
        foreach ((int epoch, double share) in new[] { (5, 1.0), (29, 1), (30, 0.1), (59, 0.1), (60, 0.01), (79, 0.01), (80, 0.001), (89, 0.001) })
        {
            AssertClose(peak * share, rate.At((long)epoch * Batches));
            AssertClose(peak * share, rate.At((epoch + 1L) * Batches - 1));
        }
    }

    /// <summary>A plateau inside the warm-up is overwritten by the warm-up's next batch; one at its last epoch's end stays.</summary>
    [Fact]
    public void Plateau_in_the_warm_up_leaves_it_as_it_is_but_for_its_end()
    {
        HeatRateSpec spec = new() { Patience = 0 };
        ILearningRate rate = spec.Create(4, 10);
        double[] ends = [.. Enumerable.Range(0, 6).Select(epoch =>
        {
            double end = rate.At(epoch * 10 + 9);
            rate.EpochEnded(1);
            return end;
        })];
        double[] wanted = [.. new[] { 1, 2, 3, 4, 5, 2.5 }.Select(epochs => 0.0125 * 3 * epochs / 6)];
        for (int epoch = 0; epoch < 6; epoch++)
            AssertClose(wanted[epoch], ends[epoch]);
    }

    [Fact]
    public async Task One_rank_is_refused_by_heats_recipe_before_anything_starts()
    {
        using var folder = new TemporaryFolder();
        string losses = Path.Combine(folder.Path, "losses.json");
        await File.WriteAllTextAsync(losses, "[1]", TestContext.Current.CancellationToken);
        AppRun run = await AppRun.Of("schedule", "--recipe", "heat", "--losses", losses, "--ranks", "1");
        Assert.Equal((2, "error: heat's learning rate is a multiple of ranks − 1, 0 for one rank: take more ranks, or another recipe\n"), (run.ExitCode, run.Error));
    }

    [Theory]
    [InlineData("--recipe heat", "--recipe heat: give --ranks, too")]
    [InlineData("--recipe heat --ranks 4 --patience 3", "--patience: DASO's, not --recipe heat's")]
    [InlineData("--ranks 4", "--ranks: only with --recipe")]
    [InlineData("--recipe goyal --ranks 100000", "no whole batch in an epoch; give --batches")]
    public async Task Options_that_do_not_fit_are_one_clear_line(string options, string message)
    {
        using var folder = new TemporaryFolder();
        string losses = Path.Combine(folder.Path, "losses.json");
        await File.WriteAllTextAsync(losses, "[1]", TestContext.Current.CancellationToken);
        AppRun run = await AppRun.Of(["schedule", "--losses", losses, .. options.Split(' ')]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    /// <summary>As after a checkpoint.</summary>
    private static ILearningRate Resumed(ILearningRate rate, JsonElement recorded)
    {
        var stream = new MemoryStream();
        rate.Save(new BinaryWriter(stream));
        stream.Position = 0;
        ILearningRate resumed = new HeatRateSpec().Create(recorded.GetProperty("ranks").GetInt32(), recorded.GetProperty("batches").GetInt32());
        resumed.Load(new BinaryReader(stream));
        return resumed;
    }

    private static void AssertClose(double wanted, double actual) => Assert.True(
        Math.Abs(actual - wanted) <= Tolerance * Math.Abs(wanted), string.Create(CultureInfo.InvariantCulture, $"{actual:R}, expected {wanted:R}"));
}
