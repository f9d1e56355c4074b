using System.Globalization;
using Daso.Analysis;
using Daso.Experiments;
using Daso.Recording;
using Daso.Training;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>
/// Shows on standard error how a suite goes on: a bar for each training on a terminal; elsewhere, in a batch job, a line for each epoch and for each
/// minute of long ones.
/// </summary>
internal sealed class SuiteProgress(IAnsiConsole console, ProgressContext? bars) : ISuiteObserver
{
    // 100 %, hh:mm:ss, and a space between columns.
    private const int OtherColumns = 4 + 8 + 3;

    private ProgressTask? _task;
    private string _title = "";

    /// <summary>Runs a body with progress bars if the console is a terminal.</summary>
    internal static void Show(IAnsiConsole console, Action<ISuiteObserver> body)
    {
        if (!console.Profile.Capabilities.Interactive || !console.Profile.Out.IsTerminal)
        {
            body(new SuiteProgress(console, null));
            return;
        }

        console.Progress()
            .Columns(
                new TaskDescriptionColumn { Alignment = Justify.Left },
                new ProgressBarColumn { Width = BarWidth(console.Profile.Width) },
                new PercentageColumn(),
                new RemainingTimeColumn())
            .Start(bars => body(new SuiteProgress(console, bars)));
    }

    public ITrainingObserver CellStarted(CellId cell, int number, int count)
    {
        _title = $"[{number}/{count}] {cell.Experiment}, {cell.Strategy}, seed {cell.Seed.ToString(CultureInfo.InvariantCulture)}";
        _task = bars?.AddTask(Markup.Escape(Fit(_title, [], console.Profile.Width)));
        return _task is null ? new Lines(console, _title) : new Bar(console, _task, _title);
    }

    public void CellFailed(string reason)
    {
        if (_task is null)
        {
            // In one line, however long: a console would break it.
            console.Profile.Out.Writer.WriteLine($"{_title}: failed: {reason}");
            return;
        }

        _task.Description = Markup.Escape(Fit(_title, ["failed"], console.Profile.Width));
        _task.StopTask();
        console.WriteLine($"{_title}: failed: {reason}");
    }

    /// <summary>What stands before a bar: a title and as many parts behind it as a line of the terminal has room for.</summary>
    /// <param name="title">Cut where it alone is too long.</param>
    /// <param name="parts">The most important first.</param>
    /// <param name="consoleWidth">Characters of a line.</param>
    internal static string Fit(string title, IEnumerable<string> parts, int consoleWidth)
    {
        int width = Math.Max(1, consoleWidth - BarWidth(consoleWidth) - OtherColumns);
        string text = title.Length <= width ? title : title[..(width - 1)] + '…';
        string separator = ": ";
        foreach (string part in parts)
        {
            if (text.Length + separator.Length + part.Length > width)
                break;
            text += separator + part;
            separator = ", ";
        }

        return text;
    }

    /// <summary>A bar shows something from ten characters on; with all parts before it a line has room for more from 120 on.</summary>
    private static int BarWidth(int consoleWidth) => Math.Clamp(consoleWidth - 110, 10, 40);

    /// <summary>Lines for who reads them later.</summary>
    /// <param name="console">Where.</param>
    /// <param name="title">The training.</param>
    /// <param name="clock">Given by tests.</param>
    internal sealed class Lines(IAnsiConsole console, string title, TimeProvider? clock = null) : ITrainingObserver
    {
        private readonly Pace _pace = new(TimeSpan.FromMinutes(1), clock ?? TimeProvider.System);
        private string _loss = "";

        public void StepDone(int steps, int totalSteps)
        {
            if (_pace.IfDue(steps, totalSteps) is Pace.Report report)
                console.WriteLine($"{title}: {report}, {Rate(report)}{_loss}");
        }

        public void EpochDone(EpochResult result)
        {
            _loss = FormattableString.Invariant($", loss {Quantity.Fixed(result.TrainLoss, 3)} in epoch {result.Epoch + 1}");
            console.WriteLine($"{title}: {string.Join(", ", Describe(result))}");
        }
    }

    private sealed class Bar(IAnsiConsole console, ProgressTask task, string title) : ITrainingObserver
    {
        private readonly Pace _pace = new(TimeSpan.FromSeconds(2), TimeProvider.System);
        private string[] _rate = [];
        private string[] _epoch = [];

        public void StepDone(int steps, int totalSteps)
        {
            task.MaxValue = totalSteps;
            task.Value = steps;
            if (_pace.IfDue(steps, totalSteps) is not Pace.Report report)
                return;
            _rate = [Rate(report)];
            Describe();
        }

        public void EpochDone(EpochResult result)
        {
            _epoch = [.. SuiteProgress.Describe(result)];
            Describe();
        }

        private void Describe() => task.Description = Markup.Escape(Fit(title, [.. _epoch, .. _rate], console.Profile.Width));
    }

    private static string Rate(Pace.Report report) => FormattableString.Invariant($"{report.PerSecond:0.##} steps/s");

    /// <summary>The losses and the first two metrics: a share in per cent.</summary>
    private static IEnumerable<string> Describe(EpochResult result) =>
    [
        FormattableString.Invariant($"epoch {result.Epoch + 1}"),
        $"loss {Quantity.Fixed(result.TrainLoss, 3)}",
        .. result.HeldOut.Take(2).Select(measured => measured.Metric.Largest == 1
            ? string.Create(CultureInfo.InvariantCulture, $"{measured.Metric.Name} {measured.Value:0.0%}")
            : $"held-out {measured.Metric.Name} {Quantity.Fixed(measured.Value, 3)}"),
    ];
}
