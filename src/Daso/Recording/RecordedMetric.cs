using Daso.Specification;

namespace Daso.Recording;

/// <summary>Something that is measured on held-out data after every epoch, as tables and plots show it.</summary>
/// <param name="Name">Recorded as this after <c>heldout_</c>.</param>
/// <param name="Title">A plot's title.</param>
/// <param name="Unit">The unit of a plot's axis.</param>
/// <param name="Better">Which values are better.</param>
internal sealed record RecordedMetric(string Name, string Title, string Unit, TargetDirection Better)
{
    /// <summary>What runs measured before their manifests said it.</summary>
    internal static readonly IReadOnlyList<RecordedMetric> OfClassification =
    [
        new("loss", "Loss on held-out data", "cross-entropy (nats)", TargetDirection.AtMost),
        new("accuracy", "Accuracy on held-out data", "share of items (1 = all)", TargetDirection.AtLeast),
        new("top5", "Top-5 accuracy on held-out data", "share of items (1 = all)", TargetDirection.AtLeast),
    ];
}
