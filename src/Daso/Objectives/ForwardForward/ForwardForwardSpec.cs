using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Specification;
using static TorchSharp.torch;

namespace Daso.Objectives;

/// <summary>
/// Forward-Forward (Hinton, arXiv 2212.13345): each layer learns for itself to tell samples with their label, of high goodness (the mean of
/// its squared outputs), from samples with a wrong one. No gradient crosses layers, so that ranks can own them: with
/// <see cref="DistributesLayers"/> a rank trains its layers only (Aktemur et al., arXiv 2404.08573), and <c>LayerOwnersSpec</c> gives them
/// to the others. Inputs float32 [B, …], whose first <see cref="Classes"/> numbers make room for the label; targets int64 [B].
/// docs/forward-forward.md.
/// </summary>
[Specification("forwardForward")]
public sealed partial record ForwardForwardSpec : ObjectiveSpec
{
    /// <summary>Classes to tell apart.</summary>
    [AtLeast(2)]
    public int Classes { get; init; } = 10;

    /// <summary>θ: the goodness that is right for neither.</summary>
    [Above(0)]
    public double Threshold { get; init; } = 2;

    /// <summary>What the label's number is set to, the other classes' are 0; about the largest of an input.</summary>
    [Above(0)]
    public double LabelValue { get; init; } = 2.8;

    /// <summary>Of the wrong labels.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>Whether layer i is trained by rank i mod P alone; else by every rank.</summary>
    public bool DistributesLayers { get; init; }

    /// <summary>Of goodness as a class's logit: each class is tried as the label.</summary>
    public override IReadOnlyList<Metric> Metrics => CrossEntropySpec.Default.Metrics;

    /// <summary>The rank that trains a layer.</summary>
    public static int OwnerOf(int layer, int ranks) => layer % ranks;

    /// <summary>log(1 + exp(θ − g)) of the first half's goodness and log(1 + exp(g − θ)) of the second's, the mean.</summary>
    /// <param name="outputs">A layer's, float32 [2·B, Width]: of right labels, then of wrong ones.</param>
    /// <param name="targets">Not used.</param>
    public override Tensor Loss(Tensor outputs, Tensor targets)
    {
        Tensor distance = Goodness(outputs).sub((float)Threshold);
        long half = outputs.shape[0] / 2;
        return nn.functional.softplus(cat([distance.narrow(0, 0, half).neg(), distance.narrow(0, half, half)])).mean();
    }

    /// <inheritdoc />
    public override ILearner CreateLearner(Replica replica, OptimizerSpec optimizer) => CreateLearner(replica, optimizer, new Shard(0, 1));

    /// <inheritdoc />
    public override ILearner CreateLearner(Replica replica, OptimizerSpec optimizer, Shard shard)
    {
        Validate();
        int layers = replica.Model.Parts.Count;
        if (DistributesLayers && layers < shard.Count)
            throw new UserErrorException($"{nameof(ForwardForwardSpec)}: {layers} layers for {shard.Count} ranks; a rank needs a layer of its own");
        return new ForwardForward(this, replica, optimizer.Create(replica), shard);
    }

    /// <summary>The mean of the squares: [B, Width] → [B].</summary>
    internal static Tensor Goodness(Tensor outputs) => outputs.square().mean([1]);
}
