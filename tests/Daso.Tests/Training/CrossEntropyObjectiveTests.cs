using Daso.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

public sealed class CrossEntropyObjectiveTests
{
    [Fact]
    public void Counts_hits_and_sums_losses()
    {
        using DisposeScope scope = NewDisposeScope();
        float[][] rows = [[9, 0, 1, 2, 3, 4, 5], [9, 0, 1, 2, 3, 4, 5], [9, 0, 1, 2, 3, 4, 5]];
        Tensor logits = stack(rows.Select(r => tensor(r)));
        Tensor targets = tensor(new long[] { 0, 3, 1 }); // first, fifth and last of seven

        EvaluationSums sums = CrossEntropyObjective.Evaluate(logits, targets);

        double logSum = Math.Log(rows[0].Sum(x => Math.Exp(x)));
        Assert.Equal(3 * logSum - 9 - 2 - 0, sums.Loss, 1e-4);
        Assert.Equal((1, 2, 3), (sums.Top1, sums.Top5, sums.Count));
        Assert.Equal(sums.Loss / 3, CrossEntropyObjective.Loss(logits, targets).item<float>(), 1e-5);
    }

    [Fact]
    public void Takes_tokens_and_fewer_than_five_classes()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = zeros(2, 3, 4);
        logits[.., .., 1] = 1;
        Tensor targets = ones(2, 3, dtype: ScalarType.Int64);

        EvaluationSums sums = CrossEntropyObjective.Evaluate(logits, targets) + CrossEntropyObjective.Evaluate(logits, targets);

        Assert.Equal((12, 12, 12), (sums.Top1, sums.Top5, sums.Count));
        Assert.Equal(12 * Math.Log(1 + 3 / Math.E), sums.Loss, 1e-4);
    }

    [Fact]
    public void A_diverged_model_is_not_right()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor targets = arange(10, dtype: ScalarType.Int64);

        EvaluationSums sums = CrossEntropyObjective.Evaluate(full([10, 10], double.NaN), targets);

        Assert.True(double.IsNaN(sums.Loss));
        Assert.InRange(sums.Top1, 0, 1);
    }

    [Fact]
    public void Leaves_no_tensor_behind()
    {
        using Tensor logits = zeros(4, 6), targets = zeros(4, dtype: ScalarType.Int64);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        CrossEntropyObjective.Evaluate(logits, targets);
        CrossEntropyObjective.Loss(logits, targets).Dispose();

        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }
}
