using Daso.Models;

namespace Daso.Prediction;

/// <summary>The gradients of this project's models, in the order of backward.</summary>
internal static class ModelWorkload
{
    /// <summary>
    /// A model's gradients with the share of backward after which each part's are complete: of its parameters times the positions that
    /// they are applied to (<see cref="ModelSpec.Positions"/>).
    /// </summary>
    /// <exception cref="UserErrorException">The model does not say its parts' positions.</exception>
    public static IReadOnlyList<GradientTensor> Gradients(ModelSpec model)
    {
        using LayeredModel built = model.Build(seed: 0);
        var parts = built.Parts
            .Select(part => (part.Name, Shapes: part.Module.named_parameters()
                .Where(one => one.parameter.requires_grad).Select(one => one.parameter.shape).Reverse().ToArray()))
            .Reverse()
            .ToArray();
        double[] costs = [.. parts.Select(part => part.Shapes.Sum(Elements) * Positions(part.Name))];
        double total = costs.Sum();
        var gradients = new List<GradientTensor>();
        double done = 0;
        for (int i = 0; i < parts.Length; i++)
        {
            done += costs[i];
            // The first part, the last in backward, is complete when backward returns.
            double readyAt = i == parts.Length - 1 ? 1 : Math.Min(1, done / total);
            gradients.AddRange(parts[i].Shapes.Select(shape =>
                new GradientTensor(Elements(shape), readyAt) { Rows = shape.Length > 1 ? shape[0] : null }));
        }

        return gradients;

        static long Elements(long[] shape) => shape.Aggregate(1L, (product, size) => product * size);

        double Positions(string part) => model.Positions(part) ?? throw new UserErrorException(
            $"the share of backward of {model.GetType().Name}'s parts is not known; give --workload");
    }
}
