namespace Daso.Strategies;

/// <summary>
/// What a strategy makes of the steps of one of its phases: which gradients travel beside backward, and what follows the optimizer's
/// update. It says who, how much and in which format; what that costs is the step-time model's to say (docs/prediction.md).
/// </summary>
public sealed record StepProgram
{
    /// <summary>The phase, for example "cycling"; empty where a strategy has only one.</summary>
    public string Phase { get; init; } = "";

    /// <summary>How gradients travel; null: they stay on their rank.</summary>
    public GradientTraffic? Gradients { get; init; }

    /// <summary>One period, at least one step; it repeats for as long as the phase goes on.</summary>
    public required IReadOnlyList<ProgramStep> Steps { get; init; }

    /// <summary>The same in every step, and after the update of some an exchange that is waited for at once.</summary>
    /// <param name="gradients">How gradients travel in every step; null: they do not.</param>
    /// <param name="period">Steps of a period.</param>
    /// <param name="due">What is exchanged after a step, counted from 0 in the period; null: nothing.</param>
    public static StepProgram Periodic(GradientTraffic? gradients, int period, Func<int, ProgramExchange?> due) => new()
    {
        Gradients = gradients,
        Steps =
        [
            .. Enumerable.Range(0, period).Select(step =>
                ProgramStep.Exchanging(gradients is not null, due(step) is ProgramExchange exchange ? [exchange] : [])),
        ],
    };

    /// <summary>A whole training of two phases, which average gradients alike where they do.</summary>
    /// <param name="first">The phase of the first steps.</param>
    /// <param name="firstSteps">How many these are.</param>
    /// <param name="then">The phase of the rest.</param>
    /// <param name="steps">Steps of the training.</param>
    public static StepProgram InTurn(StepProgram first, long firstSteps, StepProgram then, int steps) => new()
    {
        Gradients = first.Gradients ?? then.Gradients,
        Steps = [.. Enumerable.Range(0, steps).Select(step => step < firstSteps ? first.StepAt(step) : then.StepAt((int)(step - firstSteps)))],
    };

    /// <summary>Whether ranks communicate at all.</summary>
    public bool Communicates => Gradients is not null || Steps.Any(step => step.Actions.Count > 0);

    /// <summary>Steps from one exchange to the next, in the mean; the period where there is none.</summary>
    public double StepsPerExchange =>
        (double)Steps.Count / Math.Max(1, Steps.Sum(step => step.Actions.Count(action => action.Kind == ProgramActionKind.Wait)));

    /// <summary>The step of a training that stays in this phase.</summary>
    /// <param name="step">From 0.</param>
    public ProgramStep StepAt(int step) => Steps[step % Steps.Count];
}

/// <summary>A step.</summary>
/// <param name="SendsGradients">Whether gradients travel in it.</param>
/// <param name="Actions">After the optimizer's update, one after the other.</param>
public sealed record ProgramStep(bool SendsGradients, IReadOnlyList<ProgramAction> Actions)
{
    /// <summary>Gradients travel, and nothing follows the update.</summary>
    public static ProgramStep GradientsAlone { get; } = new(true, []);

    /// <summary>Exchanges, each waited for before the next is started.</summary>
    /// <param name="sendsGradients">Whether gradients travel in it, too.</param>
    /// <param name="exchanges">In their order.</param>
    public static ProgramStep Exchanging(bool sendsGradients, params IEnumerable<ProgramExchange> exchanges) => new(
        sendsGradients,
        [.. exchanges.SelectMany(IEnumerable<ProgramAction> (one) => [new(ProgramActionKind.Start, one), new(ProgramActionKind.Wait, one)])]);
}

/// <summary>What a rank does with an exchange.</summary>
public enum ProgramActionKind
{
    /// <summary>The group's members pack their values and start it.</summary>
    Start,

    /// <summary>The group's members wait for the oldest that they have started and unpack it.</summary>
    Wait,

    /// <summary>In every node the rank that has the result sends it to the node's others.</summary>
    NodeBroadcast,
}

/// <summary>An action.</summary>
/// <param name="Kind">What.</param>
/// <param name="Exchange">With what.</param>
/// <param name="Duty">Of <see cref="ProgramGroup.Global"/>: the local id of the ranks that do it.</param>
/// <param name="Delay">Steps since the exchange was started; an action whose exchange began before the training is passed over.</param>
public readonly record struct ProgramAction(ProgramActionKind Kind, ProgramExchange Exchange, int Duty = 0, int Delay = 0);

/// <summary>What a strategy's program is made for.</summary>
/// <param name="Elements">Trainable parameters.</param>
/// <param name="RanksPerNode">Ranks on each node.</param>
public readonly record struct ProgramScope(long Elements, int RanksPerNode)
{
    /// <summary>Nodes.</summary>
    public int Nodes { get; init; } = 1;

    /// <summary>All ranks.</summary>
    public int Ranks => Nodes * RanksPerNode;

    /// <summary>How many steps an exchange takes beside the computation, where that is known: for strategies that follow it; null: unknown.</summary>
    internal Func<ProgramExchange, double>? StepsOf { get; init; }

    /// <summary>The parameters one by one, in the model's order; null: their sizes are not known.</summary>
    public IReadOnlyList<ProgramParameter>? Parameters { get; init; }
}

/// <summary>A parameter's size.</summary>
/// <param name="Elements">Its elements.</param>
/// <param name="Rows">Its first dimension, where it has at least two; null: it has one.</param>
public readonly record struct ProgramParameter(long Elements, long? Rows);
