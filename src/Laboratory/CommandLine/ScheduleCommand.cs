using System.CommandLine;
using Daso.Analysis;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.CommandLine;

/// <summary>
/// <c>schedule</c>: what DASO, or a recipe's learning rate, would do, epoch by epoch, for given losses; nothing is trained.
/// </summary>
internal sealed class ScheduleCommand
{
    private static readonly DasoSettings s_defaults = new();

    private readonly Option<string> _losses = new("--losses")
    {
        Description = "JSON array of numbers, one loss an epoch; or a run's folder, or its events.jsonl.",
        Required = true,
    };

    private readonly Option<string?> _cell = new("--cell") { Description = "Of a run with several cells: the one whose losses are taken." };

    private readonly Option<int?> _epochs = new("--epochs") { Description = "Epochs of the whole training. Default: as many as losses." };

    private readonly Option<string> _variant = ChoiceOption.Of("--variant", "Definition of DASO.", "paper", "heat");

    private readonly Option<int> _maxGlobalSkips = Setting(
        "--max-global-skips", "Most batches from one global synchronisation to the next.", s_defaults.MaxGlobalSkips);

    private readonly Option<int> _localSkipFactor = Setting(
        "--local-skip-factor", "Variant heat: maximum ÷ this = most local skips and longest wait.", s_defaults.LocalSkipFactor);

    private readonly Option<int> _skipReductionFactor = Setting(
        "--skip-reduction-factor", "Variant heat: what a plateau divides the skips by.", s_defaults.SkipReductionFactor);

    private readonly Option<int> _warmup = Setting(
        "--warmup", "Epochs of blocking synchronisation at the start.", s_defaults.WarmupEpochs);

    private readonly Option<int> _cooldown = Setting(
        "--cooldown", "Epochs of blocking synchronisation at the end.", s_defaults.CooldownEpochs);

    private readonly Option<double> _stability = Setting(
        "--stability", "Relative decrease of the loss below which an epoch is no better.", s_defaults.Stability);

    private readonly Option<int> _patience = Setting(
        "--patience", "Epochs that are no better and are borne; one more is a plateau.", s_defaults.Patience);

    private readonly Option<string?> _recipe = new("--recipe")
    {
        Description = "In place of DASO's schedule the learning rate of this ImageNet recipe: heat or goyal.",
    };

    private readonly Option<int?> _ranks = new("--ranks") { Description = "With --recipe: ranks of the training." };

    private readonly Option<int> _batch = Setting("--batch", "With --recipe: images a rank and step.", 256);

    private readonly Option<int?> _batches = new("--batches")
    {
        Description = "With --recipe: steps of an epoch. Default: as many as ImageNet's 1,281,167 images give.",
    };

    private readonly Option<string> _format = ChoiceOption.Format();

    private ScheduleCommand() => _recipe.AcceptOnlyFromAmong("heat", "goyal");

    private IReadOnlyList<Option> OfDaso =>
        [_variant, _maxGlobalSkips, _localSkipFactor, _skipReductionFactor, _warmup, _cooldown, _stability, _patience];

    private IReadOnlyList<Option> OfRecipe => [_ranks, _batch, _batches];

    internal static Command Create()
    {
        var options = new ScheduleCommand();
        var command = new Command(
            "schedule", "Shows what DASO, or a recipe's learning rate, would do, epoch by epoch, for given losses. Nothing is trained.")
        {
            options._losses, options._cell, options._epochs, options._variant, options._maxGlobalSkips, options._localSkipFactor,
            options._skipReductionFactor, options._warmup, options._cooldown, options._stability, options._patience, options._recipe,
            options._ranks, options._batch, options._batches, options._format,
        };
        command.SetAction(options.Show);
        return command;
    }

    private static Option<T> Setting<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private void Show(ParseResult parsed)
    {
        string? recipe = parsed.GetValue(_recipe);
        foreach (Option option in recipe is null ? OfRecipe : OfDaso)
        {
            if (parsed.GetResult(option) is { Implicit: false })
                throw new UserErrorException($"{option.Name}: {(recipe is null ? "only with --recipe" : $"DASO's, not --recipe {recipe}'s")}; leave it out");
        }

        int? given = parsed.GetValue(_epochs);
        if (given < 1)
            throw new UserErrorException($"--epochs {given}: a training has at least 1 epoch");
        if (recipe is null)
            ShowDaso(parsed, given);
        else
            ShowRates(parsed, recipe, given);
    }

    private void ShowRates(ParseResult parsed, string recipe, int? given)
    {
        int ranks = parsed.GetValue(_ranks) ?? throw new UserErrorException($"--recipe {recipe}: give --ranks, too");
        int batch = parsed.GetValue(_batch);
        if (ranks < 1 || batch < 1)
            throw new UserErrorException($"--ranks {ranks} --batch {batch}: each is at least 1");
        int batches = parsed.GetValue(_batches) ?? (int)(RateSchedule.ImageNetSamples / ((long)ranks * batch));
        if (batches < 1)
            throw new UserErrorException($"--ranks {ranks} --batch {batch}: no whole batch in an epoch; give --batches of at least 1");

        LearningRateSpec spec = recipe == "heat" ? new HeatRateSpec() : new GoyalRateSpec { BatchPerRank = batch };
        double[] losses = LossCurve.Read(parsed.GetValue(_losses)!, parsed.GetValue(_cell));
        RateSchedule schedule = RateSchedule.Of(spec, ranks, batches, losses, given ?? losses.Length);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.IsJson(_format))
            schedule.WriteJson(output);
        else
            schedule.Write(SpeedupTable.ConsoleFor(output));
    }

    private void ShowDaso(ParseResult parsed, int? given)
    {
        var settings = new DasoSettings
        {
            Variant = parsed.GetValue(_variant) == "heat" ? DasoVariant.Heat : DasoVariant.Paper,
            MaxGlobalSkips = parsed.GetValue(_maxGlobalSkips),
            LocalSkipFactor = parsed.GetValue(_localSkipFactor),
            SkipReductionFactor = parsed.GetValue(_skipReductionFactor),
            WarmupEpochs = parsed.GetValue(_warmup),
            CooldownEpochs = parsed.GetValue(_cooldown),
            Stability = parsed.GetValue(_stability),
            Patience = parsed.GetValue(_patience),
        };
        double[] losses = LossCurve.Read(parsed.GetValue(_losses)!, parsed.GetValue(_cell));
        IReadOnlyList<ScheduledEpoch> epochs = ScheduledEpoch.Of(settings, losses, given ?? losses.Length);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.IsJson(_format))
            SchedulePrinter.WriteJson(epochs, output);
        else
            SchedulePrinter.Write(epochs, SpeedupTable.ConsoleFor(output));
    }
}
