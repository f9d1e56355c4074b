using Daso.Cluster;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Tests.Baselines;

/// <summary>One rank whose parameters and gradients a test sets by hand, step by step.</summary>
internal sealed class RivalRun : IDisposable
{
    private readonly TrainingStep _step = new();

    internal RivalRun(StrategySpec spec, RankContext ranks, params (int Inputs, int Outputs)[] layers)
        : this(spec, ranks, NullRecorder.Instance, layers)
    {
    }

    internal RivalRun(StrategySpec spec, RankContext ranks, IRecorder recorder, params (int Inputs, int Outputs)[] layers)
        : this(spec, ranks, recorder, new SgdSpec(Momentum: 0, WeightDecay: 0), layers)
    {
    }

    internal RivalRun(
        StrategySpec spec, RankContext ranks, IRecorder recorder, OptimizerSpec optimizer, params (int Inputs, int Outputs)[] layers)
    {
        Replica = new Replica(
            new LayeredModel("rival", [.. layers.Select((layer, i) => ($"layer{i}", nn.Linear(layer.Inputs, layer.Outputs, hasBias: false)))]), CPU);
        Replica.Parameters.Host.Span.Fill(1);
        Optimizer = optimizer.Create(Replica.Parameters, Replica.Gradients);
        Strategy = spec.Create(new StrategyContext(
            ranks, Replica, Optimizer, new StepTimer(recorder), Epochs: 1, StepsPerEpoch: int.MaxValue)
        { Step = _step });
    }

    internal Replica Replica { get; }

    internal IOptimizer Optimizer { get; }

    internal IStrategy Strategy { get; }

    internal Span<float> Parameters => Replica.Parameters.Host.Span;

    internal Span<float> Gradients => Replica.Gradients.Host.Span;

    /// <summary>Steps so far.</summary>
    internal int Steps { get; private set; }

    /// <summary>A step whose backward makes the gradients and whose optimizer the parameters, both in place.</summary>
    internal void Step(Action<RivalRun>? backward = null, Action<RivalRun>? optimizer = null, double learningRate = 1)
    {
        _step.MoveTo(Steps, learningRate);
        Strategy.StepStarted(0, Steps);
        Gradients.Clear();
        backward?.Invoke(this);
        for (int part = Replica.Model.Parts.Count - 1; part > 0; part--)
            Strategy.PartReady(part);
        Strategy.BackwardDone();
        optimizer?.Invoke(this);
        Strategy.OptimizerStepped();
        Steps++;
    }

    public void Dispose()
    {
        Strategy.Dispose();
        Optimizer.Dispose();
        Replica.Dispose();
    }
}
