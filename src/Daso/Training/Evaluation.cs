using Daso.Cluster;
using Daso.Communication;
using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Training;

/// <summary>Measures a model on held-out data: each rank its share, summed over all ranks.</summary>
/// <param name="ranks">This rank.</param>
/// <param name="replica">Its model, with the batch-norm statistics that the rank holds.</param>
/// <param name="learner">Gives the model's outputs.</param>
/// <param name="metrics">What is measured.</param>
/// <param name="heldOut">This rank's share of the data.</param>
internal sealed class Evaluation(
    RankContext ranks, Replica replica, ILearner learner, IReadOnlyList<Metric> metrics, IBatchSource heldOut)
{
    private readonly double[][] _sums = [.. metrics.Select(metric => new double[metric.Sums])];

    /// <summary>Evaluates; all ranks return or throw alike.</summary>
    /// <param name="epoch">The epoch that has been trained, for messages.</param>
    /// <exception cref="AgreedFailureException">A metric is no finite number, or a parameter of some rank is none.</exception>
    internal IReadOnlyList<MeasuredMetric> Run(int epoch)
    {
        AddUp();
        // The last numbers count ranks that have failed, and ranks whose parameters overflowed: a loss does not show it where no sample
        // reaches them.
        float[] total =
        [
            .. _sums.SelectMany(sums => sums).Select(sum => (float)sum),
            ranks.Failure.IsThere ? 1 : 0,
            replica.HasFiniteParameters() ? 0 : 1,
        ];
        ranks.World.AllReduce(total, ReduceOperation.Sum);
        if (total[^2] > 0)
            ranks.Failure.ThrowOnAll(ranks.World, $"epoch {epoch}, on held-out data");

        var measured = new MeasuredMetric[metrics.Count];
        int first = 0;
        for (int i = 0; i < measured.Length; first += metrics[i++].Sums)
        {
            float value = metrics[i].Value(total.AsSpan(first, metrics[i].Sums));
            if (!float.IsFinite(value))
                throw Trainer.Diverged($"epoch {epoch}: the {metrics[i].Name} on held-out data is {value}");
            measured[i] = new MeasuredMetric(metrics[i], value);
        }

        if (total[^1] > 0)
            throw Trainer.Diverged($"epoch {epoch}: after its last step, parameters of {total[^1]} of {ranks.World.Size} ranks are not finite");
        return measured;
    }

    private void AddUp()
    {
        foreach (double[] sums in _sums)
            Array.Clear(sums);
        heldOut.StartEpoch(0);
        replica.Model.eval();
        using var _ = no_grad();
        for (int batch = 0; batch < heldOut.BatchesPerEpoch; batch++)
        {
            ranks.Cancelled.ThrowIfCancellationRequested();
            using DisposeScope scope = NewDisposeScope();
            if (heldOut.NextOrNone(ranks.Failure) is not Batch data)
                break;
            Tensor outputs = learner.Predict(data.Inputs);
            for (int i = 0; i < metrics.Count; i++)
                metrics[i].Add(outputs, data.Targets, _sums[i]);
        }
    }
}
