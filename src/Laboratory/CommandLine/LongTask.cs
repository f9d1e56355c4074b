using Daso.Analysis;
using Spectre.Console;

namespace Daso.CommandLine;

/// <summary>Shows on standard error how a long work goes on: a bar on a terminal, elsewhere a line a minute.</summary>
internal static class LongTask
{
    /// <summary>Does the work.</summary>
    /// <param name="title">What is done.</param>
    /// <param name="work">Tells the share that is done, 0 to 1.</param>
    internal static void Show(string title, Action<Action<double>> work)
    {
        IAnsiConsole console = SpeedupTable.ConsoleFor(Console.Error);
        if (console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal)
        {
            console.Progress()
                .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn())
                .Start(bars =>
                {
                    ProgressTask task = bars.AddTask(Markup.Escape(title), maxValue: 1);
                    work(share => task.Value = share);
                });
            return;
        }

        var pace = new Pace(TimeSpan.FromMinutes(1), TimeProvider.System);
        work(share =>
        {
            if (pace.IfDue(share, 1) is Pace.Report report)
                Console.Error.WriteLine($"{title}: {report}");
        });
    }
}
