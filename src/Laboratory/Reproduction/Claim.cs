namespace Daso.Reproduction;

/// <summary>How well a fact is known.</summary>
internal enum SourceMark
{
    /// <summary>Read in a primary source.</summary>
    V,

    /// <summary>Read in reference code.</summary>
    C,

    /// <summary>Read in a secondary summary.</summary>
    S,

    /// <summary>From memory: a hint, no citation.</summary>
    M,

    /// <summary>Arithmetic from those.</summary>
    A,
}

/// <summary>What a claim is about; all are shares or ratios.</summary>
internal enum ClaimFigure
{
    /// <summary>1 − the strategy's training time over the baseline's with the same seed.</summary>
    Saving,

    /// <summary>The strategy's quality after the last epoch.</summary>
    Quality,

    /// <summary>The baseline's quality after the last epoch minus the strategy's with the same seed.</summary>
    QualityLoss,

    /// <summary>The strategy's bytes from a node to other nodes in a step, over the baseline's.</summary>
    TrafficRatio,

    /// <summary>Share of the strategy's step that waits for other ranks.</summary>
    OverheadShare,

    /// <summary>The batches between global synchronisations, each change of them, on a loss that never falls.</summary>
    SkipCycle,
}

/// <summary>How a figure has to lie to the claimed value.</summary>
internal enum ClaimBound
{
    /// <summary>At least, in one of the settings: the best of them counts.</summary>
    UpTo,

    /// <summary>At least, in each of the settings.</summary>
    AtLeast,

    /// <summary>At most, in each of the settings.</summary>
    AtMost,

    /// <summary>The same.</summary>
    Equal,
}

/// <summary>The file of claims.</summary>
/// <param name="Paper">Whose claims these are.</param>
/// <param name="Marks">What the marks mean, for readers of the file.</param>
/// <param name="Claims">The claims, each id once.</param>
internal sealed record ClaimFile(string Paper, IReadOnlyDictionary<SourceMark, string> Marks, IReadOnlyList<Claim> Claims);

/// <summary>
/// One checkable claim of the paper, or of its authors' code. A generated reader sets what a file leaves out to null, defaults or not.
/// </summary>
internal sealed record Claim
{
    /// <summary>Names it on the command line.</summary>
    public required string Id { get; init; }

    /// <summary>In words of this project.</summary>
    public required string Statement { get; init; }

    /// <summary>What is claimed.</summary>
    public required ClaimFigure Figure { get; init; }

    /// <summary>How a figure has to lie to <see cref="Value"/>.</summary>
    public required ClaimBound Bound { get; init; }

    /// <summary>The claimed value; null where <see cref="Sequence"/> is claimed.</summary>
    public double? Value { get; init; }

    /// <summary>How far a figure may miss the value and still count as reproduced.</summary>
    public double Tolerance { get; init; }

    /// <summary>The claimed sequence of a <see cref="ClaimFigure.SkipCycle"/>.</summary>
    public IReadOnlyList<int> Sequence { get; init => field = value ?? []; } = [];

    /// <summary>Where it was read; at least one.</summary>
    public required IReadOnlyList<ClaimSource> Sources { get; init; }

    /// <summary>What it is said of.</summary>
    public required ClaimSetting Setting { get; init; }

    /// <summary>How it is checked.</summary>
    public required ClaimCheck Check { get; init; }
}

/// <summary>Where a fact was read.</summary>
/// <param name="Where">Paper and section, or repository and file.</param>
/// <param name="Mark">How well it is known.</param>
/// <param name="Gives">What stands there, and what does not.</param>
internal sealed record ClaimSource(string Where, SourceMark Mark, string Gives);

/// <summary>What a claim is said of; what is not known is left out.</summary>
internal sealed record ClaimSetting
{
    /// <summary>Numbers of nodes.</summary>
    public IReadOnlyList<int> Nodes { get; init => field = value ?? []; } = [];

    /// <summary>Ranks on each.</summary>
    public int? RanksPerNode { get; init; }

    /// <summary>cpu or cuda.</summary>
    public string? Device { get; init; }

    /// <summary>The accelerator's model.</summary>
    public string? Gpu { get; init; }

    /// <summary>The network.</summary>
    public string? Model { get; init; }

    /// <summary>The data set.</summary>
    public string? Data { get; init; }

    /// <summary>Images of a rank's step.</summary>
    public int? BatchPerRank { get; init; }

    /// <summary>Epochs of the training.</summary>
    public int? Epochs { get; init; }

    /// <summary>Images of an epoch.</summary>
    public int? SamplesPerEpoch { get; init; }

    /// <summary>The emulated link between nodes, as <c>--link</c> takes it; null: a real network and no other.</summary>
    public string? Link { get; init; }
}

/// <summary>How a claim is checked.</summary>
internal sealed record ClaimCheck
{
    /// <summary>What starts the command on a cluster; null: nothing.</summary>
    public string? Launcher { get; init; }

    /// <summary>The arguments of this program that measure it; null: this project can't.</summary>
    public string? Command { get; init; }

    /// <summary>The experiment whose run measures it.</summary>
    public string? Experiment { get; init; }

    /// <summary>The kind of its learning rate, which tells a recipe from another of the same experiment; null: any.</summary>
    public string? LearningRate { get; init; }

    /// <summary>The strategy that it speaks of.</summary>
    public string? Strategy { get; init; }

    /// <summary>The one that it is compared with.</summary>
    public string? Baseline { get; init; }

    /// <summary>What predicts it; null: nothing.</summary>
    public PredictionSource? Prediction { get; init; }

    /// <summary>Whether the command runs on any machine.</summary>
    public bool RunsAnywhere { get; init; }

    /// <summary>What the command needs.</summary>
    public required string Needs { get; init; }
}

/// <summary>What a prediction is made of.</summary>
/// <param name="System">A described system.</param>
/// <param name="Workload">A described workload.</param>
internal sealed record PredictionSource(string System, string Workload);
