using System.Diagnostics.CodeAnalysis;
using Daso.Models;
using Daso.Optimization;
using Daso.Specification;

namespace Daso.Strategies;

/// <summary>One strategy for the first steps and another for the rest, as post-local SGD has it: all ranks change in the same step.</summary>
/// <param name="First">For the first steps.</param>
/// <param name="Steps">How many, over the whole training; at least 0.</param>
/// <param name="Then">For all later ones. It is made when its first step begins, and counts epochs from there.</param>
[Specification("phases")]
public sealed partial record PhasesSpec(StrategySpec First, [AtLeast(0)] long Steps, StrategySpec Then) : StrategySpec
{
    /// <inheritdoc />
    public override bool KeepsGradients => First.KeepsGradients || Then.KeepsGradients;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => new PhasesSpec(First.ForWarmup(), Math.Min(Steps, 2), Then.ForWarmup());

    /// <inheritdoc />
    public override bool FollowsTimings => First.FollowsTimings || Then.FollowsTimings;

    /// <inheritdoc />
    public override OptimizerSpec? OwnOptimizer => First.OwnOptimizer;

    /// <summary>That of the strategy for the rest.</summary>
    public override StrategyPolicy? Policy => Then.Policy;

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Phases(this, context);
    }

    /// <summary>The phases of both; none if one is not modelled.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        IReadOnlyList<StepProgram> first = First.Programs(scope), then = Then.Programs(scope);
        return first.Count == 0 || then.Count == 0 ? [] : [.. first.Select(one => Of("first", one)), .. then.Select(one => Of("then", one))];

        static StepProgram Of(string phase, StepProgram program) =>
            program with { Phase = program.Phase.Length == 0 ? phase : $"{phase} {program.Phase}" };
    }

    /// <summary>One after the other, where neither has phases of its own and both average gradients alike, or one of them does not.</summary>
    public override StepProgram? TrainingProgram(ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch) =>
        First.Programs(scope) is [StepProgram first] && Then.Programs(scope) is [StepProgram then]
        && (first.Gradients is null || then.Gradients is null || first.Gradients == then.Gradients)
            ? StepProgram.InTurn(first, Steps, then, losses.Count * stepsPerEpoch)
            : null;

    partial void ValidateTogether()
    {
        if (First.OwnOptimizer != Then.OwnOptimizer)
            throw new UserErrorException($"{nameof(PhasesSpec)}: {First.GetType().Name} and {Then.GetType().Name} do not update with the same optimizer");
    }

    /// <summary>Passes everything on to the strategy of the phase.</summary>
    private sealed class Phases : IStrategy
    {
        private readonly PhasesSpec _spec;
        private readonly StrategyContext _context;
        private long _steps;
        private IStrategy _current;

        internal Phases(PhasesSpec spec, StrategyContext context)
        {
            _spec = spec;
            _context = context;
            Enter();
        }

        public IReadOnlyList<(string Name, FlatTensor Values)> State => _current.State;

        public void StepStarted(int epoch, int batch)
        {
            if (_steps == _spec.Steps && _steps > 0)
            {
                _current.Dispose();
                Enter();
            }

            _steps++;
            _current.StepStarted(epoch, batch);
        }

        public void PartReady(int part) => _current.PartReady(part);

        public void BackwardDone() => _current.BackwardDone();

        public void OptimizerStepped() => _current.OptimizerStepped();

        public void EvaluationStarting() => _current.EvaluationStarting();

        public void EpochEnded(double loss) => _current.EpochEnded(loss);

        public void Save(BinaryWriter writer)
        {
            writer.Write(_steps);
            _current.Save(writer);
        }

        public void Load(BinaryReader reader)
        {
            _steps = reader.ReadInt64();
            if (_steps > _spec.Steps)
            {
                _current.Dispose();
                Enter();
            }

            _current.Load(reader);
        }

        public void Dispose() => _current.Dispose();

        [MemberNotNull(nameof(_current))]
        private void Enter() => _current = (_steps < _spec.Steps ? _spec.First : _spec.Then).Create(_context);
    }
}
