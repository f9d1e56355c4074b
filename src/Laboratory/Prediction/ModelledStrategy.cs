using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>A strategy, or a phase of one, as the step-time model takes it.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="Program">What it does in a step.</param>
/// <param name="Communication">By which algorithms.</param>
internal sealed record ModelledStrategy(string Name, StepProgram Program, CommunicationModel Communication)
{
    /// <summary>The phases of a strategy, each under its name.</summary>
    /// <param name="name">The strategy's name.</param>
    /// <param name="programs">What it does in a step of each.</param>
    /// <param name="system">Where it runs.</param>
    public static IReadOnlyList<ModelledStrategy> Phases(string name, IReadOnlyList<StepProgram> programs, SystemSpec system) =>
    [
        .. programs.Select(program => new ModelledStrategy(
            program.Phase.Length == 0 ? name : $"{name}, {program.Phase}", program, CommunicationModel.Of(system))),
    ];
}
