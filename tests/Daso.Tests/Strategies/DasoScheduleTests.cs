using System.Text.Json;
using CsCheck;
using Daso.Strategies;

namespace Daso.Tests.Strategies;

public class DasoScheduleTests
{
    /// <summary>Every case of the reference's recorded schedules, of all settings.</summary>
    [Fact]
    public void Heat_agrees_with_the_reference_in_every_recorded_schedule()
    {
        using JsonDocument golden = JsonDocument.Parse(
            File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Strategies", "golden", "schedules.json")));
        JsonElement root = golden.RootElement;
        string[] columns = [.. root.GetProperty("columns").EnumerateArray().Select(column => column.GetString()!)];
        int cases = 0;
        foreach (JsonElement one in root.GetProperty("cases").EnumerateArray())
        {
            double Value(string column) => one[Array.IndexOf(columns, column)].GetDouble();
            var settings = new DasoSettings
            {
                Variant = DasoVariant.Heat,
                MaxGlobalSkips = (int)Value("max_gs"),
                LocalSkipFactor = (int)Value("local_skip_factor"),
                SkipReductionFactor = (int)Value("skip_reduction_factor"),
                WarmupEpochs = (int)Value("warmup"),
                CooldownEpochs = (int)Value("cooldown"),
                Stability = Value("stability"),
            };
            JsonElement losses = root.GetProperty("losses").GetProperty(one[0].GetString()!);
            JsonElement trace = one[Array.IndexOf(columns, "trace")];
            var schedule = new DasoSchedule(settings, groups: 2, (int)Value("total_epochs"), batchesPerEpoch: 16);
            for (int epoch = 0; epoch < trace.GetArrayLength(); epoch++)
            {
                schedule.EpochEnded(losses[epoch].GetDouble());
                int[] expected = [.. trace[epoch].EnumerateArray().Select(number => number.GetInt32())];
                int[] actual = [schedule.Skips.Global, schedule.Skips.Local, schedule.Skips.Wait, schedule.BadEpochs];
                Assert.Equal(expected, actual);
            }

            cases++;
        }

        Assert.Equal(root.GetProperty("cases").GetArrayLength(), cases);
    }

    [Fact]
    public void Paper_cycles_from_the_maximum_down_to_one_and_back()
    {
        var settings = new DasoSettings { MaxGlobalSkips = 8, WarmupEpochs = 1, CooldownEpochs = 2, Patience = 0 };
        var schedule = new DasoSchedule(settings, groups: 2, epochs: 9, batchesPerEpoch: 16);
        var seen = new List<(int, int)>();
        // The first tested loss is the best; with no patience every equal one after it is a plateau.
        for (int epoch = 0; epoch < 9; epoch++)
        {
            seen.Add((schedule.Skips.Global, schedule.Skips.Wait));
            schedule.EpochEnded(1.0);
        }

        Assert.Equal([(0, 0), (8, 2), (4, 1), (2, 1), (1, 1), (8, 2), (4, 1), (0, 0), (0, 0)], seen);
    }

    [Fact]
    public void Paper_without_warm_up_cycles_from_the_first_epoch()
    {
        var settings = new DasoSettings { WarmupEpochs = 0, CooldownEpochs = 0 };
        Assert.Equal(new DasoSkips(4, 1, 1), new DasoSchedule(settings, 2, 3, 8).Skips);
    }

    [Fact]
    public void The_cool_down_wins_over_the_warm_up_when_epochs_are_few()
    {
        var settings = new DasoSettings { WarmupEpochs = 0, CooldownEpochs = 4 };
        Assert.Equal(default, new DasoSchedule(settings, 2, 3, 8).Skips);
    }

    [Fact]
    public void Blocking_phases_synchronise_every_batch_and_rotate_the_duty()
    {
        var schedule = new DasoSchedule(new DasoSettings(), groups: 2, epochs: 10, batchesPerEpoch: 3);
        Assert.Equal(
            [
                "SendForMean 0, Mean 0, Broadcast 0, Agree",
                "SendForMean 1, Mean 1, Broadcast 1, Agree",
                "SendForMean 0, Mean 0, Broadcast 0, Agree",
            ],
            Epoch(schedule, 3));
    }

    /// <summary>B = 4, W = 1 by hand: sends at 0 and 4, merges one later; the last batch is blocking and merges nothing that is not in flight.</summary>
    [Fact]
    public void Paper_cycling_sends_waits_merges_and_ends_blocking()
    {
        var schedule = new DasoSchedule(new DasoSettings { WarmupEpochs = 0 }, groups: 2, epochs: 10, batchesPerEpoch: 7);
        Assert.Equal(
            [
                "SendForMerge 0 wait 1",
                "Merge 0, Broadcast 0",
                "",
                "",
                "SendForMerge 1 wait 1",
                "Merge 1, Broadcast 1",
                "SendForMean 0, Mean 0, Broadcast 0, Agree",
            ],
            Epoch(schedule, 7));
    }

    [Fact]
    public void With_one_skip_the_next_send_comes_before_the_pending_merge()
    {
        var settings = new DasoSettings { WarmupEpochs = 0, MaxGlobalSkips = 1 };
        var schedule = new DasoSchedule(settings, groups: 2, epochs: 10, batchesPerEpoch: 3);
        Assert.Equal(
            [
                "SendForMerge 0 wait 1",
                "SendForMerge 1 wait 1, Merge 0, Broadcast 0",
                "SendForMean 0, Merge 1, Broadcast 1, Mean 0, Broadcast 0, Agree",
            ],
            Epoch(schedule, 3));
    }

    /// <summary>Equation 1 counts the batches waited: also where the next send is only one batch further.</summary>
    [Fact]
    public void With_two_skips_a_sum_is_merged_before_the_next_send()
    {
        var settings = new DasoSettings { WarmupEpochs = 0, MaxGlobalSkips = 2 };
        var schedule = new DasoSchedule(settings, groups: 2, epochs: 10, batchesPerEpoch: 5);
        Assert.Equal(
            [
                "SendForMerge 0 wait 1",
                "Merge 0, Broadcast 0",
                "SendForMerge 1 wait 1",
                "Merge 1, Broadcast 1",
                "SendForMean 0, Mean 0, Broadcast 0, Agree",
            ],
            Epoch(schedule, 5));
    }

    /// <summary>The batches later that its send says, which are equation 1's S.</summary>
    [Fact]
    public void Paper_merges_when_it_says() =>
        Gen.Select(Gen.Int[2, 17], Gen.Int[1, 40]).Sample((most, batches) =>
        {
            var settings = new DasoSettings { WarmupEpochs = 0, MaxGlobalSkips = most };
            var schedule = new DasoSchedule(settings, groups: 3, epochs: 10, batchesPerEpoch: batches);
            int? due = null;
            for (int batch = 0; batch < batches; batch++)
            {
                IReadOnlyList<DasoAction> actions = schedule.AfterStep(batch);
                Assert.Equal(batch == due, actions.Any(action => action.Kind == DasoActionKind.Merge));
                if (actions.FirstOrDefault(action => action.Kind == DasoActionKind.SendForMerge) is { Wait: > 0 } send)
                    due = batch + send.Wait;
            }
        });

    [Fact]
    public void The_wait_is_clipped_to_the_epochs_end()
    {
        var settings = new DasoSettings { WarmupEpochs = 0, MaxGlobalSkips = 16 };
        var schedule = new DasoSchedule(settings, groups: 1, epochs: 10, batchesPerEpoch: 19);
        string[] steps = Epoch(schedule, 19);
        Assert.Equal("SendForMerge 0 wait 4", steps[0]);
        Assert.Equal("Merge 0, Broadcast 0", steps[4]);
        // The mean of the last batch would replace a merge there.
        Assert.Equal("SendForMerge 0 wait 1", steps[16]);
        Assert.Equal("Merge 0, Broadcast 0", steps[17]);
        Assert.Equal("SendForMean 0, Mean 0, Broadcast 0, Agree", steps[18]);
    }

    [Theory]
    [InlineData(DasoVariant.Paper)]
    [InlineData(DasoVariant.Heat)]
    public void State_survives_saving_at_any_step(DasoVariant variant)
    {
        var settings = new DasoSettings { Variant = variant, WarmupEpochs = 1, CooldownEpochs = 1, MaxGlobalSkips = 8, Patience = 0 };
        DasoSchedule New() => new(settings, groups: 3, epochs: 12, batchesPerEpoch: 11);
        DasoSchedule whole = New();
        DasoSchedule resumed = New();
        for (int epoch = 0; epoch < 12; epoch++)
        {
            for (int batch = 0; batch < 11; batch++)
            {
                resumed = Copy(resumed, New());
                Assert.Equal(whole.AfterStep(batch), resumed.AfterStep(batch));
                Assert.Equal(whole.AveragingSwitches, resumed.AveragingSwitches);
            }

            whole.EpochEnded(1.0);
            resumed = Copy(resumed, New());
            resumed.EpochEnded(1.0);
            Assert.Equal(whole.Skips, resumed.Skips);
        }
    }

    [Fact]
    public void Settings_out_of_range_are_named() =>
        Assert.Contains("MaxGlobalSkips is 0", Assert.Throws<UserErrorException>(
            () => new DasoSchedule(new DasoSettings { MaxGlobalSkips = 0 }, 1, 1, 1)).Message);

    private static DasoSchedule Copy(DasoSchedule from, DasoSchedule to)
    {
        using var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream, System.Text.Encoding.UTF8, leaveOpen: true))
            from.Save(writer);
        stream.Position = 0;
        using var reader = new BinaryReader(stream);
        to.Load(reader);
        return to;
    }

    private static string[] Epoch(DasoSchedule schedule, int batches) =>
        [.. Enumerable.Range(0, batches).Select(batch => string.Join(
            ", ", schedule.AfterStep(batch).Select(Text).Concat(schedule.AveragingSwitches.Select(on => on ? "LocalAveragingOn" : "LocalAveragingOff"))))];

    private static string Text(DasoAction action) => action.Kind switch
    {
        DasoActionKind.SendForMerge => $"{action.Kind} {action.Group} wait {action.Wait}",
        DasoActionKind.Agree => $"{action.Kind}",
        _ => $"{action.Kind} {action.Group}",
    };
}
