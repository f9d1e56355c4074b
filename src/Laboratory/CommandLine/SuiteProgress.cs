using System.Globalization;
using Daso.Experiments;
using Daso.Recording;
using Daso.Training;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows on standard error how a suite goes on: a bar for each training on a terminal, a line for each epoch elsewhere.</summary>
internal sealed class SuiteProgress(IAnsiConsole console, ProgressContext? bars) : ISuiteObserver
{
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
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
            .Start(bars => body(new SuiteProgress(console, bars)));
    }

    public ITrainingObserver CellStarted(CellId cell, int number, int count)
    {
        _title = $"[{number}/{count}] {cell.Experiment}, {cell.Strategy}, seed {cell.Seed.ToString(CultureInfo.InvariantCulture)}";
        _task = bars?.AddTask(Markup.Escape(_title));
        return _task is null ? new Lines(console, _title) : new Bar(_task);
    }

    public void CellFailed(string reason)
    {
        if (_task is null)
        {
            // In one line, however long: a console would break it.
            console.Profile.Out.Writer.WriteLine($"{_title}: failed: {reason}");
            return;
        }

        _task.Description = $"{Markup.Escape(_title)}: failed";
        _task.StopTask();
        console.WriteLine($"{_title}: failed: {reason}");
    }

    private sealed class Lines(IAnsiConsole console, string title) : ITrainingObserver
    {
        public void StepDone(int steps, int totalSteps)
        {
        }

        public void EpochDone(EpochResult result) => console.WriteLine($"{title}: {Describe(result)}");
    }

    private sealed class Bar(ProgressTask task) : ITrainingObserver
    {
        private readonly string _title = task.Description;

        public void StepDone(int steps, int totalSteps)
        {
            task.MaxValue = totalSteps;
            task.Value = steps;
        }

        public void EpochDone(EpochResult result) => task.Description = $"{_title}: {Describe(result)}";
    }

    private static string Describe(EpochResult result) => string.Create(
        CultureInfo.InvariantCulture,
        $"epoch {result.Epoch + 1}, loss {result.TrainLoss:0.000}, held-out loss {result.HeldOutLoss:0.000}, accuracy {result.HeldOutAccuracy:0.0%}");
}
