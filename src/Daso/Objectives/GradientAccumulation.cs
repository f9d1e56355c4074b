using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// A batch learnt in equal parts one after the other, so that the activations of one part are in memory at a time. The gradient is that of the whole
/// batch's mean loss; the strategy hears of complete gradients in the last part's backward alone.
/// </summary>
/// <param name="objective">Gives a part's loss.</param>
/// <param name="replica">The rank's model.</param>
/// <param name="optimizer">Of all its parameters.</param>
/// <param name="parts">Parts of a batch.</param>
internal sealed class GradientAccumulation(ObjectiveSpec objective, Replica replica, IOptimizer optimizer, int parts) : ILearner
{
    private readonly Scalar _share = (1.0 / parts).ToScalar();

    public IOptimizer Optimizer => optimizer;

    public Tensor Learn(Batch batch, StepTimer timer, SpanMark start)
    {
        long rows = batch.Inputs.shape[0] / parts;
        if (rows * parts != batch.Inputs.shape[0])
            throw new UserErrorException($"a batch of {batch.Inputs.shape[0]} samples in {parts} parts: take a batch that they divide");
        IBackwardObserver? observer = replica.Model.Observer;
        Tensor sum = zeros(1, device: replica.Device);
        try
        {
            for (int part = 0; part < parts; part++)
            {
                replica.Model.Observer = part == parts - 1 ? observer : null;
                using DisposeScope scope = NewDisposeScope();
                Tensor inputs = batch.Inputs.narrow(0, part * rows, rows), targets = batch.Targets.narrow(0, part * rows, rows);
                Tensor loss = objective.Loss(replica.Model.forward(inputs), targets).mul(_share);
                start = timer.End(SpanKind.Forward, start);
                replica.Model.Backward(loss);
                start = timer.End(SpanKind.Backward, start);
                using (no_grad())
                    sum.add_(loss, Scalars.One);
            }
        }
        finally
        {
            replica.Model.Observer = observer;
        }

        return sum.squeeze_();
    }

    public Tensor Predict(Tensor inputs) => replica.Model.forward(inputs);

    public void Dispose()
    {
        optimizer.Dispose();
        _share.Dispose();
    }
}
