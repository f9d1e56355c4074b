using System.Text.Json.Nodes;
using Daso.Analysis;
using Daso.Recording;

namespace Daso.Reporting;

/// <summary>The contents of a report, before any format.</summary>
/// <param name="Runs">In the order given.</param>
/// <param name="Sections">One for each experiment of each run.</param>
/// <param name="Scaling">Plots across the runs.</param>
/// <param name="Notes">What was left out, and why.</param>
internal sealed record Report(
    IReadOnlyList<RecordedRun> Runs, IReadOnlyList<ReportSection> Sections, IReadOnlyList<CaptionedPlot> Scaling, IReadOnlyList<string> Notes)
{
    /// <summary>All plots.</summary>
    public IEnumerable<CaptionedPlot> Figures => Sections.SelectMany(section => section.Figures).Concat(Scaling);

    /// <summary>What the columns of its tables mean.</summary>
    public IReadOnlyList<(string Column, string Meaning)> Legend => ReportTable.LegendOf(Runs.SelectMany(run => run.Experiments));

    /// <summary>Its heading.</summary>
    public string Title => Runs.Count == 1
        ? $"{Runs[0].Manifest.Suite}: {Runs[0].Manifest.RunId}"
        : FormattableString.Invariant($"{string.Join(", ", Runs.Select(run => run.Manifest.Suite).Distinct())}: {Runs.Count} runs");

    /// <summary>Opens a run to report.</summary>
    /// <exception cref="UserErrorException">The folder holds no run, it is damaged, or no cell is complete.</exception>
    public static RecordedRun Open(string folder)
    {
        var run = RecordedRun.Open(folder);
        if (run.Experiments.Any())
            return run;
        string reason = run.Summary.Incomplete.Select(cell => cell.Reason).FirstOrDefault() ?? "no cells were planned";
        throw new UserErrorException($"{folder}: no training of it is complete ({reason}); there is nothing to report");
    }

    /// <summary>Draws all plots and tables of runs.</summary>
    /// <param name="runs">The runs.</param>
    /// <param name="scalingBase">The run that their rates are held against; null: none.</param>
    /// <exception cref="UserErrorException">The base has other experiments.</exception>
    public static Report Of(IReadOnlyList<RecordedRun> runs, ScalingBase? scalingBase = null)
    {
        if (scalingBase is not null)
            runs = [.. runs.Select(scalingBase.Beside)];
        var palette = new Palette([.. runs.SelectMany(run => run.Summary.Experiments)
            .SelectMany(experiment => experiment.Plan.Strategies).Distinct()]);
        var sections = new List<ReportSection>();
        foreach (RecordedRun run in runs)
        {
            foreach (ExperimentSummary experiment in run.Experiments)
                sections.Add(ReportSection.Of(run, experiment, palette, FormattableString.Invariant($"e{sections.Count + 1}")));
        }

        IReadOnlyList<CaptionedPlot> overLink = ScalingPlots.OverLinkRate(runs, palette);
        IReadOnlyList<CaptionedPlot> overNodes = ScalingPlots.OverNodes(runs, palette);
        var notes = new List<string>();
        if (scalingBase is not null)
            notes.Add($"Efficiency is over the rate of {scalingBase.Name}.");
        if (overLink.Count == 0)
            notes.Add("Speed-up over the link rate is left out: it needs two runs of one experiment that differ in that rate alone.");
        if (overNodes.Count == 0)
            notes.Add("Speed-up over nodes is left out: it needs two runs of one experiment that differ in the number of nodes alone.");
        notes.AddRange(LinkCrossings.InWords(runs));
        AddDifference("commits", run => run.Manifest.Source.ShortName);
        AddDifferentSpecifications(runs, notes);
        AddDifference("processors", run => run.Manifest.Hardware.Processor);
        return new Report(runs, sections, [.. overLink, .. overNodes], notes);

        void AddDifference(string what, Func<RecordedRun, string> fact)
        {
            string[] facts = [.. runs.Select(fact).Distinct()];
            if (facts.Length > 1)
                notes.Add($"The runs come from different {what}: {string.Join(", ", facts)}. Differences between them may come from that.");
        }
    }

    private static void AddDifferentSpecifications(IReadOnlyList<RecordedRun> runs, List<string> notes)
    {
        IEnumerable<(string Experiment, string Hash)> all =
            from run in runs
            from experiment in run.Experiments
            where run.Manifest.Specification[experiment.Plan.Name] is JsonObject
            select (experiment.Plan.Name, Manifest.Hash((JsonObject)run.Manifest.Specification[experiment.Plan.Name]!)[..12]);
        foreach (IGrouping<string, string> hashes in all.Distinct().GroupBy(one => one.Experiment, one => one.Hash))
        {
            if (hashes.Skip(1).Any())
            {
                notes.Add(
                    $"The runs have different specifications of {hashes.Key}: {string.Join(", ", hashes)}. They are different benchmarks; "
                        + "compare says what differs.");
            }
        }
    }
}

/// <summary>One experiment of one run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Table">Its results.</param>
/// <param name="Figures">Its plots.</param>
internal sealed record ReportSection(RecordedRun Run, ReportTable Table, IReadOnlyList<CaptionedPlot> Figures)
{
    /// <param name="run">The run.</param>
    /// <param name="experiment">Of which a cell is complete.</param>
    /// <param name="palette">Of the report.</param>
    /// <param name="id">Starts the names of its figures.</param>
    public static ReportSection Of(RecordedRun run, ExperimentSummary experiment, Palette palette, string id)
    {
        string quality = experiment.QualityMetric;
        CaptionedPlot?[] figures =
        [
            StepTimePlots.Distribution($"{id}-step-time", experiment, palette),
            StepTimePlots.Course($"{id}-step-course", experiment, palette),
            BreakdownPlot.Draw($"{id}-breakdown", experiment),
            CurvePlots.Draw($"{id}-loss-epochs", experiment, palette, MetricNames.TrainLoss, overTime: false),
            CurvePlots.Draw($"{id}-loss-time", experiment, palette, MetricNames.TrainLoss, overTime: true),
            CurvePlots.Draw($"{id}-quality-epochs", experiment, palette, quality, overTime: false),
            CurvePlots.Draw($"{id}-quality-time", experiment, palette, quality, overTime: true),
        ];
        return new ReportSection(run, ReportTable.Of(run.Summary, experiment), [.. figures.OfType<CaptionedPlot>()]);
    }
}
