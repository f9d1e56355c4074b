using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// One rank's side of <see cref="ForwardForwardSpec"/>: x with the right label and x with a wrong one go through the layers; the squares of
/// each layer's input have mean 1, so that it sees nothing of the goodness before it; a layer that the rank owns gets the gradient of its own loss.
/// </summary>
/// <param name="spec">The settings.</param>
/// <param name="replica">The layers, a part each.</param>
/// <param name="optimizer">Of all of them; its count of steps numbers the draws of wrong labels, so that a resumed training goes on with them.</param>
/// <param name="shard">Which rank this is.</param>
internal sealed class ForwardForward(ForwardForwardSpec spec, Replica replica, IOptimizer optimizer, Shard shard) : ILearner
{
    private readonly bool[] _owned = [.. Enumerable.Range(0, replica.Model.Parts.Count)
        .Select(layer => !spec.DistributesLayers || ForwardForwardSpec.OwnerOf(layer, shard.Count) == shard.Index)];

    public IOptimizer Optimizer => optimizer;

    public Tensor Learn(Batch batch, StepTimer timer, SpanMark start)
    {
        Tensor loss = zeros(1, device: replica.Device);
        using (NewDisposeScope())
        using (Scalar share = (1.0 / _owned.Count(isOwned => isOwned)).ToScalar())
        {
            Tensor x = cat([WithLabels(batch.Inputs, batch.Targets), WithLabels(batch.Inputs, WrongLabels(batch.Targets))]);
            // Layers after the last that it owns are none of its business.
            for (int layer = 0; layer <= Array.LastIndexOf(_owned, true); layer++)
            {
                Tensor outputs = Forward(layer, x, learns: _owned[layer]);
                x = outputs.detach();
                if (!_owned[layer])
                    continue;
                Tensor layerLoss = spec.Loss(outputs, batch.Targets);
                start = timer.End(SpanKind.Forward, start);
                replica.Model.Backward(layerLoss);
                start = timer.End(SpanKind.Backward, start);
                using (no_grad())
                    loss.add_(layerLoss, share);
            }
        }

        return loss.squeeze_();
    }

    /// <summary>Each class is tried as the label: the goodness of all layers but the first, which sees the label itself; of one layer its own.</summary>
    public Tensor Predict(Tensor inputs)
    {
        var classes = new Tensor[spec.Classes];
        for (int label = 0; label < classes.Length; label++)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor x = WithLabels(inputs, full(inputs.shape[0], label, dtype: ScalarType.Int64, device: replica.Device));
            Tensor sum = zeros(inputs.shape[0], device: replica.Device);
            for (int layer = 0; layer < _owned.Length; layer++)
            {
                x = Forward(layer, x, learns: false);
                if (layer > 0 || _owned.Length == 1)
                    sum.add_(ForwardForwardSpec.Goodness(x), Scalars.One);
            }

            classes[label] = sum.MoveToOuterDisposeScope();
        }

        Tensor logits = stack(classes, dim: 1);
        foreach (Tensor one in classes)
            one.Dispose();
        return logits;
    }

    public void Dispose() => optimizer.Dispose();

    private Tensor Forward(int layer, Tensor input, bool learns)
    {
        using var _ = set_grad_enabled(learns);
        using Scalar tiny = 1e-4.ToScalar();
        Tensor direction = input.div(input.square().mean([1], keepdim: true).sqrt().add_(tiny));
        if (replica.Model.Autocast is null)
            return replica.Model.Parts[layer].Module.forward(direction);
        Tensor output;
        using (replica.Model.Autocast.Enter())
            output = replica.Model.Parts[layer].Module.forward(direction);
        return output.to(ScalarType.Float32);
    }

    private Tensor WithLabels(Tensor inputs, Tensor labels)
    {
        Tensor numbers = inputs.flatten(1).clone();
        if (numbers.shape[1] < spec.Classes)
            throw new UserErrorException($"inputs of {numbers.shape[1]} numbers have no room for a label of {spec.Classes} classes");
        numbers.narrow(1, 0, spec.Classes).zero_();
        return numbers.scatter_(1, labels.unsqueeze(1), full(labels.shape[0], 1, (float)spec.LabelValue, device: replica.Device));
    }

    private Tensor WrongLabels(Tensor labels)
    {
        var random = new SeededRandom(spec.Seed, (int)optimizer.Steps, shard.Index);
        var further = new long[labels.shape[0]];
        for (int i = 0; i < further.Length; i++)
            further[i] = 1 + random.NextInt(spec.Classes - 1);
        using Scalar classes = spec.Classes.ToScalar();
        return tensor(further, device: replica.Device).add_(labels, Scalars.One).remainder_(classes);
    }
}
