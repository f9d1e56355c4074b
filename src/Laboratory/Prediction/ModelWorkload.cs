using Daso.Models;

namespace Daso.Prediction;

/// <summary>The gradients of this project's models, in the order of backward.</summary>
public static class ModelWorkload
{
    /// <summary>
    /// A model's gradients with the share of backward after which each part's are complete. A part's time is taken as its parameters times
    /// the positions that they are applied to, which its floating-point operations are proportional to: for a ResNet a quarter as many
    /// from stage to stage, one for the head; for a Transformer the same everywhere, and none for the embedding, which is looked up.
    /// </summary>
    /// <exception cref="UserErrorException">The model's parts are of neither kind.</exception>
    public static IReadOnlyList<GradientTensor> Gradients(ModelSpec model)
    {
        using LayeredModel built = model.Build(seed: 0);
        var parts = built.Parts
            .Select(part => (part.Name, Lengths: part.Module.named_parameters()
                .Where(one => one.parameter.requires_grad).Select(one => one.parameter.numel()).Reverse().ToArray()))
            .Reverse()
            .ToArray();
        double[] costs = [.. parts.Select(part => part.Lengths.Sum() * Positions(model, part.Name))];
        double total = costs.Sum();
        var gradients = new List<GradientTensor>();
        double done = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            done += costs[i];
            // The first part, the last in backward, is complete when backward returns.
            double readyAt = i == parts.Length - 1 ? 1 : Math.Min(1, done / total);
            gradients.AddRange(parts[i].Lengths.Select(length => new GradientTensor(length, readyAt)));
        }

        return gradients;
    }

    /// <summary>Positions that a part's parameters are applied to, relative to those of a ResNet's first stage or to a token.</summary>
    private static double Positions(ModelSpec model, string part) => model switch
    {
        ResNetSpec { Stem: StemKind.Standard } when part == "stem" => 4,
        ResNetSpec when part == "stem" => 1,
        ResNetSpec when part.StartsWith("stage", StringComparison.Ordinal) => Math.Pow(0.25, part["stage".Length] - '1'),
        ResNetSpec => 1.0 / 3136,
        TransformerSpec when part == "embedding" => 0,
        TransformerSpec => 1,
        _ => throw new UserErrorException($"the share of backward of {model.GetType().Name}'s parts is not known; give --workload"),
    };
}
