using Daso.Objectives;
using Daso.SharedRules;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Objectives;

public sealed class CrossEntropyTests
{
    [Fact]
    public void Counts_hits_and_sums_losses()
    {
        using DisposeScope scope = NewDisposeScope();
        float[][] rows = [[9, 0, 1, 2, 3, 4, 5], [9, 0, 1, 2, 3, 4, 5], [9, 0, 1, 2, 3, 4, 5]];
        Tensor logits = stack(rows.Select(r => tensor(r)));
        Tensor targets = tensor(new long[] { 0, 3, 1 }); // first, fifth and last of seven

        double logSum = Math.Log(rows[0].Sum(x => Math.Exp(x)));
        double[] loss = Sums(new CrossEntropy(), logits, targets);
        Assert.Equal(3 * logSum - 9 - 2 - 0, loss[0], 1e-4);
        Assert.Equal([1, 3], Sums(new Accuracy(), logits, targets));
        Assert.Equal([2, 3], Sums(new TopFiveAccuracy(), logits, targets));
        Assert.Equal(loss[0] / 3, CrossEntropySpec.Default.Loss(logits, targets).item<float>(), 1e-5);
    }

    [Fact]
    public void Takes_tokens_and_fewer_than_five_classes()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor logits = zeros(2, 3, 4);
        logits[.., .., 1] = 1;
        Tensor targets = ones(2, 3, dtype: ScalarType.Int64);

        double[] loss = Sums(new CrossEntropy(), logits, targets, batches: 2);
        Assert.Equal(12 * Math.Log(1 + 3 / Math.E), loss[0], 1e-4);
        Assert.Equal(12, loss[1]);
        Assert.Equal([12, 12], Sums(new Accuracy(), logits, targets, batches: 2));
        Assert.Equal([12, 12], Sums(new TopFiveAccuracy(), logits, targets, batches: 2));
    }

    [Fact]
    public void A_diverged_model_has_no_loss()
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor targets = arange(10, dtype: ScalarType.Int64);
        Assert.True(double.IsNaN(Sums(new CrossEntropy(), full([10, 10], double.NaN), targets)[0]));
    }

    [Fact]
    public void A_loss_leaves_no_tensor_behind()
    {
        using Tensor logits = zeros(4, 6), targets = zeros(4, dtype: ScalarType.Int64);
        long live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;

        CrossEntropySpec.Default.Loss(logits, targets).Dispose();

        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    /// <summary>The compiler's list of metrics cannot ask the objective.</summary>
    [Fact]
    public void The_compiler_knows_the_metrics()
    {
        Assert.Equal(QualityMetrics.Names.Order(), CrossEntropySpec.Default.Metrics.Select(metric => metric.Name).Order());
        Assert.All(CrossEntropySpec.Default.Metrics, metric => Assert.Equal(metric.Largest, QualityMetrics.LargestOf(metric.Name)));
        Assert.Equal(QualityMetrics.Default, CrossEntropySpec.Default.MainMetric.Name);
    }

    private static double[] Sums(Metric metric, Tensor logits, Tensor targets, int batches = 1)
    {
        double[] sums = new double[metric.Sums];
        for (int i = 0; i < batches; i++)
            metric.Add(logits, targets, sums);
        return sums;
    }
}
