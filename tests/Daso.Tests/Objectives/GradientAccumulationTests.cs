using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Recording;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Objectives;

public sealed class GradientAccumulationTests
{
    private static readonly Gpt2Spec s_model = new() { Vocabulary = 19, Context = 8, Layers = 2, Heads = 2, Width = 16 };

    [Fact]
    public void A_batch_in_parts_has_the_gradient_and_the_loss_of_the_whole()
    {
        (float[] whole, float wholeLoss, int[] wholeReports) = Learn(1);
        (float[] parts, float partsLoss, int[] partsReports) = Learn(3);

        Assert.Equal(wholeLoss, partsLoss, 1e-5f);
        Assert.All(whole.Zip(parts), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        Assert.Equal([3, 2, 1], wholeReports);
        Assert.Equal(wholeReports, partsReports); // of the last part alone
    }

    [Fact]
    public void A_batch_that_the_parts_do_not_divide_is_the_users_mistake()
    {
        Assert.Contains("6 samples in 4 parts", Assert.Throws<UserErrorException>(() => Learn(4)).Message, StringComparison.Ordinal);
        Assert.Throws<UserErrorException>(() => new CrossEntropySpec { MicroBatches = 0 }.Validate());
    }

    [Theory]
    [InlineData(1, 5, 5)]
    [InlineData(10, 5, 10)]
    public void Gradients_are_clipped_by_their_common_norm(double bound, double norm, double expected)
    {
        using var parameters = new FlatTensor(2, CPU);
        using var gradients = new FlatTensor(2, CPU);
        new[] { (float)norm * 0.6f, (float)norm * 0.8f }.CopyTo(gradients.Host.Span);
        using IOptimizer optimizer = new ClippedSpec { Optimizer = new SgdSpec(0, 0), MaximumNorm = bound }.Create(parameters, gradients);

        optimizer.Step(1);

        double scale = Math.Min(1, bound / (norm + 1e-6));
        Assert.Equal(-0.6 * norm * scale, parameters.Host.Span[0], 1e-5);
        Assert.Equal(-0.8 * norm * scale, parameters.Host.Span[1], 1e-5);
        Assert.True(scale * norm <= expected);
        Assert.Equal(0, gradients.Host.Span[0]);
    }

    private static (float[] Gradients, float Loss, int[] Reports) Learn(int parts)
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica(s_model.Build(3), CPU);
        var reports = new Reports();
        replica.Model.Observer = reports;
        using ILearner learner = new CrossEntropySpec { MicroBatches = parts }.CreateLearner(replica, new SgdSpec(0, 0));
        using var generator = new Generator(4, CPU);
        Tensor tokens = randint(0, 19, [6, 9], dtype: ScalarType.Int64, generator: generator);
        var batch = new Batch(tokens.narrow(1, 0, 8).contiguous(), tokens.narrow(1, 1, 8).contiguous(), 48);
        using var timer = new StepTimer(NullRecorder.Instance);

        Tensor loss = learner.Learn(batch, timer, timer.Mark());

        Assert.Same(reports, replica.Model.Observer);
        return (replica.Gradients.Host.ToArray(), loss.item<float>(), [.. reports.Parts]);
    }

    private sealed class Reports : IBackwardObserver
    {
        internal List<int> Parts { get; } = [];

        public void PartReady(int part) => Parts.Add(part);
    }
}
