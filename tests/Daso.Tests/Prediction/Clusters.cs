using Daso.Prediction;

namespace Daso.Tests.Prediction;

/// <summary>Systems and workloads of the tests.</summary>
internal static class Clusters
{
    /// <summary>JUWELS Booster as measured with OSU 6.2 in November 2022 (FZJ-JSC/jubench-osu), full duplex, without jitter.</summary>
    internal static SystemSpec Juwels(int nodes) => new()
    {
        Name = "JUWELS Booster",
        Nodes = nodes,
        RanksPerNode = 4,
        IntraNode = new LinkModel(950, 93.5e9),
        InterNode = new LinkModel(2_200, 24.5e9),
        CardsPerNode = 4,
    };

    /// <summary>ResNet-50 at 256 images a rank: 25.56 million parameters in 25 equal gradients, 94 ms of computing.</summary>
    internal static WorkloadSpec ResNet50 { get; } = new()
    {
        Name = "resnet50",
        Gradients = [.. Enumerable.Range(1, 25).Select(i => new GradientTensor(25_557_032 / 25, i / 25.0))],
        ForwardNs = 31e6,
        BackwardNs = 62e6,
        OptimizerNs = 1e6,
    };
}
