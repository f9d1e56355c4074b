using Daso.Cluster;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Tests.Strategies;

/// <summary>A model of two parts and six parameters, whose values and gradients tests set by hand.</summary>
internal static class TinyReplica
{
    internal const int Parameters = 6;

    /// <summary>Linear(2, 2) and Linear(2, 1) without biases; all trainable parameters are 1.</summary>
    /// <param name="isFirstFrozen">Whether the first part is not trained and so outside the flat parameters.</param>
    internal static Replica Create(bool isFirstFrozen = false)
    {
        var model = new LayeredModel(
            "tiny", ("first", nn.Linear(2, 2, hasBias: false)), ("second", nn.Linear(2, 1, hasBias: false)));
        foreach (var parameter in model.Parts[0].Module.parameters())
            parameter.requires_grad = !isFirstFrozen;
        var replica = new Replica(model, CPU);
        using (no_grad())
            replica.Parameters.Tensor.fill_(1);
        return replica;
    }

    /// <summary>A strategy on a replica, with an optimizer that nobody calls and a recorder that keeps nothing.</summary>
    internal static IStrategy Strategy(StrategySpec spec, RankContext ranks, Replica replica, int epochs = 10, int stepsPerEpoch = 100) =>
        spec.Create(new StrategyContext(
            ranks, replica, new SgdSpec(Momentum: 0, WeightDecay: 0).Create(replica.Parameters, replica.Gradients), new StepTimer(NullRecorder.Instance), epochs, stepsPerEpoch));

    /// <summary>One step in which backward makes the given gradients and the optimizer the given parameters.</summary>
    internal static void Step(IStrategy strategy, Replica replica, int epoch, int batch, float gradient, Func<float, float> optimizer)
    {
        strategy.StepStarted(epoch, batch);
        replica.Gradients.Host.Span.Fill(gradient);
        strategy.PartReady(1);
        strategy.BackwardDone();
        foreach (ref float parameter in replica.Parameters.Host.Span)
            parameter = optimizer(parameter);
        strategy.OptimizerStepped();
    }
}
