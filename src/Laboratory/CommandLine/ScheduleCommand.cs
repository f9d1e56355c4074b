using System.CommandLine;
using Daso.Analysis;
using Daso.Strategies;

namespace Daso.CommandLine;

/// <summary><c>schedule</c>: what DASO would do, epoch by epoch, for given losses; nothing is trained.</summary>
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

    private readonly Option<string> _format = ChoiceOption.Format();

    private ScheduleCommand()
    {
    }

    internal static Command Create()
    {
        var options = new ScheduleCommand();
        var command = new Command("schedule", "Shows what DASO would do, epoch by epoch, for given losses. Nothing is trained.")
        {
            options._losses, options._cell, options._epochs, options._variant, options._maxGlobalSkips, options._localSkipFactor,
            options._skipReductionFactor, options._warmup, options._cooldown, options._stability, options._patience, options._format,
        };
        command.SetAction(options.Show);
        return command;
    }

    private static Option<T> Setting<T>(string name, string description, T value) =>
        new(name) { Description = description, DefaultValueFactory = _ => value };

    private void Show(ParseResult parsed)
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
        int? given = parsed.GetValue(_epochs);
        if (given < 1)
            throw new UserErrorException($"--epochs {given}: a training has at least 1 epoch");

        double[] losses = LossCurve.Read(parsed.GetValue(_losses)!, parsed.GetValue(_cell));
        IReadOnlyList<ScheduledEpoch> epochs = ScheduledEpoch.Of(settings, losses, given ?? losses.Length);
        TextWriter output = parsed.InvocationConfiguration.Output;
        if (parsed.IsJson(_format))
            SchedulePrinter.WriteJson(epochs, output);
        else
            SchedulePrinter.Write(epochs, SpeedupTable.ConsoleFor(output));
    }
}
