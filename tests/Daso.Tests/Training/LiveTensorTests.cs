using Daso.Strategies;
using Daso.Training;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

/// <summary>The count of live tensors is the process's: no other test may run beside this one.</summary>
[Collection(nameof(RunsAlone))]
public class LiveTensorTests
{
    public static TheoryData<StrategySpec> Strategies => TrainerTests.Strategies;

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Over_a_thousand_steps_the_number_of_live_tensors_stays_flat(StrategySpec strategy)
    {
        var counts = new CountAfterEpoch();
        SmallTraining.Run(strategy, epochs: 5, stepsPerEpoch: 210, counts);
        Assert.Equal(5, counts.Live.Count);
        // A few more or less: the other rank is in the middle of its evaluation.
        Assert.InRange(counts.Live[^1] - counts.Live[1], -20, 20);
    }

    private sealed class CountAfterEpoch : ITrainingObserver
    {
        internal List<long> Live { get; } = [];

        public void StepDone(int steps, int totalSteps)
        {
        }

        public void EpochDone(EpochResult result) => Live.Add(Tensor.TotalCount);
    }
}
