using System.Numerics;
using Daso.Communication;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>Which of the two implementations' steps a slow update falls on.</summary>
public enum SlowMoSteps
{
    /// <summary>FairScale: at the end of step s, from 0, where (s + 1) mod τ = 0.</summary>
    FairScale,

    /// <summary>torchdistx: where s mod τ = 0; step 0 averages without a slow update.</summary>
    TorchDistX,
}

/// <summary>
/// SlowMo (Wang et al., ICLR 2020, arXiv 1910.00643): every τ steps parameters are averaged exactly, and the change since the last time is
/// taken as a gradient by an outer momentum. Defaults of FairScale's SlowMoDistributedDataParallel. docs/strategies/slowmo.md.
/// </summary>
[Specification("slowMo")]
public sealed partial record SlowMoSpec : WorkerSpec
{
    /// <summary>τ: steps from one slow update to the next.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 48;

    /// <summary>β: what the slow momentum keeps. FairScale's advice by the number of nodes: 0 below 4, 0.2 for 4, 0.5 for 8, 0.6 for 16.</summary>
    [AtLeast(0), Below(1)]
    public double SlowMomentum { get; init; } = 0.5;

    /// <summary>α: the slow learning rate.</summary>
    [Above(0)]
    public double SlowLearningRate { get; init; } = 1;

    /// <summary>Steps from one plain average to the next between slow updates (FairScale's localsgd_frequency, 3 there); 0: none.</summary>
    [AtLeast(0)]
    public int AveragingPeriod { get; init; } = 3;

    /// <summary>Whose count of steps.</summary>
    public SlowMoSteps Steps { get; init; } = SlowMoSteps.FairScale;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Period = Math.Min(Period, 2) };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters", "own, and one outer", StrategyPolicy.Own, "12·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new SlowMo(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        // Between two slow updates the plain averages need not fit: a period is as many slow ones as it takes.
        int period = AveragingPeriod == 0 ? Period : Period / (int)BigInteger.GreatestCommonDivisor(Period, AveragingPeriod) * AveragingPeriod;
        return
        [
            StepProgram.Periodic(
                TrafficInNode,
                period,
                step => IsDue(step) ? new ProgramExchange(ProgramGroup.World, scope.Elements, WireFormat.Float32) : null),
        ];
    }

    private bool IsDue(long count) => count % Period == 0 || (AveragingPeriod > 0 && count % AveragingPeriod == 0);

    /// <summary>
    /// One rank's side. With γ the local learning rate of the step: u := β·u + (x_old − x̄)/γ, x_old := x_old − α·γ·u, x := x_old: SGD with
    /// momentum β and rate α·γ on the gradient (x_old − x̄)/γ.
    /// </summary>
    private sealed class SlowMo : IStrategy
    {
        private readonly SlowMoSpec _spec;
        private readonly StrategyContext _context;
        private readonly NodeGradients? _node;
        private readonly RangeReduction _average;
        private readonly MasterCopy _old;
        private readonly FlatTensor _gradient;
        private readonly IOptimizer _outer;
        private long _step;

        internal SlowMo(SlowMoSpec spec, StrategyContext context)
        {
            FlatTensor parameters = context.Replica.Parameters;
            _spec = spec;
            _context = context;
            _node = spec.InNode(context);
            _average = new RangeReduction(parameters, context.Ranks.World);
            _old = new MasterCopy(parameters, new FlatRange(0, parameters.Length));
            _gradient = new FlatTensor(parameters.Length, context.Replica.Device);
            _outer = new SgdSpec(spec.SlowMomentum, WeightDecay: 0).Create(_old.Values, _gradient);
        }

        public IReadOnlyList<(string Name, FlatTensor Values)> State => [("old", _old.Values), .. _outer.State];

        public void PartReady(int part) => _node?.PartReady(part);

        public void BackwardDone() => _node?.Finish();

        public void OptimizerStepped()
        {
            long count = _spec.Steps == SlowMoSteps.FairScale ? _step + 1 : _step;
            bool isSlowStep = count % _spec.Period == 0;
            if (_spec.IsDue(count))
                Average();
            if (isSlowStep && count > 0)
                UpdateSlowly();
            _step++;
        }

        public void Save(BinaryWriter writer)
        {
            writer.Write(_step);
            _old.Save(writer);
            _outer.Save(writer);
        }

        public void Load(BinaryReader reader)
        {
            _step = reader.ReadInt64();
            _old.Load(reader);
            _outer.Load(reader);
        }

        public void Dispose()
        {
            _outer.Dispose();
            _gradient.Dispose();
            _old.Dispose();
        }

        private void Average()
        {
            SpanMark start = _context.Timer.Mark();
            long bytes = _average.Run(ReduceOperation.Mean);
            _context.Timer.End(SpanKind.GlobalWait, start, bytes, _average.LastOperation);
        }

        private void UpdateSlowly()
        {
            SpanMark start = _context.Timer.Mark();
            double rate = _context.Step.LearningRate;
            _old.TakePseudoGradient(_gradient);
            using (no_grad())
            using (Scalar scale = ((float)(1 / rate)).ToScalar())
                _gradient.Tensor.mul_(scale);
            _outer.Step(_spec.SlowLearningRate * rate);
            _old.Restore();
            _context.Timer.End(SpanKind.Merge, start);
        }
    }
}
