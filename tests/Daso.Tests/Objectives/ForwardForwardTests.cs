using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Recording;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Objectives;

public sealed class ForwardForwardTests
{
    private static readonly DenseLayersSpec s_model = new() { Inputs = 12, Width = 16, Layers = 2 };
    private static readonly ForwardForwardSpec s_objective = new() { Classes = 3 };

    [Fact]
    public void A_layers_loss_wants_goodness_above_the_threshold_of_right_labels_and_below_it_of_wrong_ones()
    {
        using DisposeScope scope = NewDisposeScope();
        // Goodness 2.5 and 0.5.
        Tensor outputs = tensor(new float[] { 1, 2, 1, 0 }, [2, 2]);
        double expected = (Math.Log(1 + Math.Exp(2 - 2.5)) + Math.Log(1 + Math.Exp(0.5 - 2))) / 2;
        Assert.Equal(expected, s_objective.Loss(outputs, outputs).item<float>(), 1e-6);
    }

    [Fact]
    public void A_rank_trains_its_layers_alone_as_one_that_has_all_would()
    {
        (float[] all, FlatRange[] layers) = Gradients(s_objective, new Shard(0, 1));
        (float[] first, _) = Gradients(s_objective with { DistributesLayers = true }, new Shard(0, 2));
        (float[] second, _) = Gradients(s_objective with { DistributesLayers = true }, new Shard(1, 2));

        Assert.Equal(Of(all, layers[0]), Of(first, layers[0]));
        Assert.All(Of(first, layers[1]), value => Assert.Equal(0, value));
        Assert.All(Of(second, layers[0]), value => Assert.Equal(0, value));
        Assert.Contains(Of(second, layers[1]), value => value != 0);

        static float[] Of(float[] gradients, FlatRange range) => gradients[range.Offset..(range.Offset + range.Length)];
    }

    [Fact]
    public void It_learns_to_tell_classes_apart()
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica((s_model with { Width = 64 }).Build(3), CPU);
        using ILearner learner = s_objective.CreateLearner(replica, new AdamWSpec(WeightDecay: 0));
        using var timer = new StepTimer(NullRecorder.Instance);
        Batch batch = Batch(96);
        float first = float.NaN, last = float.NaN;
        for (int step = 0; step < 400; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            last = learner.Learn(batch, timer, timer.Mark()).item<float>();
            first = step == 0 ? last : first;
            learner.Optimizer.Step(0.005);
        }

        Assert.True(last < first / 2, $"{first}, {last}");
        using var _ = no_grad();
        Tensor logits = learner.Predict(batch.Inputs);
        Assert.Equal([96, 3], logits.shape);
        // By chance 32 of 96.
        Assert.InRange(logits.argmax(1).eq(batch.Targets).sum().item<long>(), 86, 96);
    }

    [Fact]
    public void A_rank_without_a_layer_is_the_users_mistake()
    {
        using var replica = new Replica(s_model.Build(3), CPU);
        var mistake = Assert.Throws<UserErrorException>(() =>
            (s_objective with { DistributesLayers = true }).CreateLearner(replica, new AdamWSpec(), new Shard(0, 3)));
        Assert.Contains("2 layers for 3 ranks", mistake.Message, StringComparison.Ordinal);
    }

    private static (float[] Gradients, FlatRange[] Layers) Gradients(ForwardForwardSpec objective, Shard shard)
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica(s_model.Build(3), CPU);
        using ILearner learner = objective.CreateLearner(replica, new AdamWSpec(), shard);
        using var timer = new StepTimer(NullRecorder.Instance);
        learner.Learn(Batch(12), timer, timer.Mark());
        return (replica.Gradients.Host.ToArray(), replica.PartRanges);
    }

    /// <summary>Images of 3 × 4 whose last row says the class.</summary>
    private static Batch Batch(int samples)
    {
        using var generator = new Generator(5, CPU);
        Tensor inputs = rand([samples, 3, 4], generator: generator);
        Tensor targets = arange(samples, dtype: ScalarType.Int64).remainder(3);
        Tensor signal = nn.functional.one_hot(targets, 3).to(ScalarType.Float32).mul(2);
        inputs[TensorIndex.Colon, TensorIndex.Single(2), TensorIndex.Slice(0, 3)].add_(signal);
        return new Batch(inputs, targets, samples);
    }
}
