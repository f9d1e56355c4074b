using System.Text.Json.Serialization;
using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>A training step of one rank without any communication.</summary>
internal sealed record WorkloadSpec
{
    /// <summary>What it is called.</summary>
    public required string Name { get; init; }

    /// <summary>Where the numbers come from.</summary>
    public string Source { get; init; } = "";

    /// <summary>The gradients in the order in which backward completes them: the model's end first.</summary>
    public required IReadOnlyList<GradientTensor> Gradients { get; init; }

    /// <summary>Time of forward and loss, with a processor of the rank's own.</summary>
    public required double ForwardNs { get; init; }

    /// <summary>Time of backward.</summary>
    public required double BackwardNs { get; init; }

    /// <summary>Time of the optimizer's update.</summary>
    public required double OptimizerNs { get; init; }

    /// <summary>Time of what else a step does: waiting for data, clearing, counting.</summary>
    public double OtherNs { get; init; }

    /// <summary>Items (images, sequences) a rank and step.</summary>
    public int BatchPerRank { get; init; } = 1;

    /// <summary>Trainable parameters.</summary>
    [JsonIgnore]
    public long Elements => Gradients.Sum(gradient => gradient.Elements);

    /// <summary>What a strategy's program is made for.</summary>
    public ProgramScope Scope(SystemSpec system) => Scope(Gradients, system) with
    {
        StepsOf = exchange => (CommunicationModel.Of(system).Time(exchange, system).TotalNs + system.OverheadNs) / ComputeNs,
    };

    /// <summary>The same of gradients alone. Where no shape is known sizes are not, either: then they may be several parameters' in one.</summary>
    public static ProgramScope Scope(IReadOnlyList<GradientTensor> gradients, SystemSpec system) =>
        new(gradients.Sum(gradient => gradient.Elements), system.RanksPerNode)
        {
            Nodes = system.Nodes,
            Parameters = gradients.Any(gradient => gradient.Rows is not null)
                ? [.. gradients.Reverse().Select(gradient => new ProgramParameter(gradient.Elements, gradient.Rows))]
                : null,
        };

    /// <summary>All of a step.</summary>
    [JsonIgnore]
    public double ComputeNs => ForwardNs + BackwardNs + OptimizerNs + OtherNs;

    /// <summary>
    /// The buckets of PyTorch's DDP and of <see cref="GradientAverager"/>, with the same rule: closed when the cap is reached,
    /// a tensor is never split, and the first bucket has its own cap. Caps count float32.
    /// </summary>
    /// <returns>Elements of each and the share of backward after which it is complete.</returns>
    public IReadOnlyList<GradientTensor> Buckets(long bucketBytes, long firstBucketBytes)
    {
        var buckets = new List<GradientTensor>();
        long elements = 0;
        for (int i = 0; i < Gradients.Count; i++)
        {
            elements += Gradients[i].Elements;
            long cap = buckets.Count == 0 ? firstBucketBytes : bucketBytes;
            if (elements * sizeof(float) < cap && i + 1 < Gradients.Count)
                continue;
            buckets.Add(new GradientTensor(elements, Gradients[i].ReadyAt));
            elements = 0;
        }

        return buckets;
    }

    /// <summary>
    /// The same with another split of backward's time: a share φ of it goes with the parameters of each part in place of its operations,
    /// as where images are so small or weights so many that reading weights takes longer than multiplying them.
    /// </summary>
    /// <param name="share">φ, 0 … 1.</param>
    public WorkloadSpec WithParameterShare(double share)
    {
        double elements = Elements;
        double done = 0;
        var moments = new Dictionary<double, double>();
        foreach (IGrouping<double, GradientTensor> part in Gradients.GroupBy(gradient => gradient.ReadyAt))
        {
            done += part.Sum(gradient => gradient.Elements) / elements;
            moments.Add(part.Key, Math.Min(1, ((1 - share) * part.Key) + (share * done)));
        }

        return this with { Gradients = [.. Gradients.Select(gradient => gradient with { ReadyAt = moments[gradient.ReadyAt] })] };
    }

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="UserErrorException">A value is out of its range; the message names it.</exception>
    public void Validate()
    {
        foreach ((string name, double value) in new[]
        {
            (nameof(ForwardNs), ForwardNs), (nameof(BackwardNs), BackwardNs),
            (nameof(OptimizerNs), OptimizerNs), (nameof(OtherNs), OtherNs),
        })
        {
            if (!(value >= 0 && double.IsFinite(value)))
                throw new UserErrorException(FormattableString.Invariant($"the workload's {name} is {value}; it must be at least 0"));
        }

        double readyAt = 0;
        foreach (GradientTensor gradient in Gradients)
        {
            if (gradient.Elements < 0 || !(gradient.ReadyAt >= readyAt && gradient.ReadyAt <= 1))
            {
                throw new UserErrorException(FormattableString.Invariant(
                    $"the workload's gradient of {gradient.Elements} elements is ready at {gradient.ReadyAt}; shares rise from 0 to 1"));
            }

            readyAt = gradient.ReadyAt;
        }
    }
}

/// <summary>A gradient, or a bucket of them.</summary>
/// <param name="Elements">How many.</param>
/// <param name="ReadyAt">Share of backward's time after which it is complete, 0 … 1.</param>
internal readonly record struct GradientTensor(long Elements, double ReadyAt)
{
    /// <summary>The parameter's first dimension, where it has at least two; null: it has one, or nobody has said.</summary>
    public long? Rows { get; init; }
}
