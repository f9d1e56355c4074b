using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>No communication at all: every rank trains alone. The floor of a step's time, and no way to train.</summary>
[Specification("none")]
public sealed partial record NoCommunicationSpec : StrategySpec
{
    /// <inheritdoc />
    public override StrategyPolicy Policy => new("nothing", StrategyPolicy.Own, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context) => new NoCommunication();

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope) => [new() { Steps = [new ProgramStep(false, [])] }];

    private sealed class NoCommunication : IStrategy
    {
        public void Dispose()
        {
        }
    }
}
