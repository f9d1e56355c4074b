using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>One loss at the model's end and one backward pass through all of it.</summary>
/// <param name="objective">Gives the loss.</param>
/// <param name="replica">The rank's model.</param>
/// <param name="optimizer">Of all its parameters.</param>
internal sealed class Backpropagation(ObjectiveSpec objective, Replica replica, IOptimizer optimizer) : ILearner
{
    public IOptimizer Optimizer => optimizer;

    public Tensor Learn(Batch batch, StepTimer timer, SpanMark start)
    {
        Tensor loss = objective.Loss(replica.Model.forward(batch.Inputs), batch.Targets);
        SpanMark forwardEnd = timer.End(SpanKind.Forward, start);
        replica.Model.Backward(loss);
        timer.End(SpanKind.Backward, forwardEnd);
        return loss;
    }

    public Tensor Predict(Tensor inputs) => replica.Model.forward(inputs);

    public void Dispose() => optimizer.Dispose();
}
