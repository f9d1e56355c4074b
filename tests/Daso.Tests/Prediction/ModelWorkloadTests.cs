using Daso.Models;
using Daso.Prediction;
using Daso.Strategies;
using TorchSharp;

namespace Daso.Tests.Prediction;

public class ModelWorkloadTests
{
    private static readonly ResNetSpec s_digits = new()
    {
        Depth = 18,
        InputChannels = 1,
        Width = 16,
        Classes = 10,
        Stem = StemKind.SmallImage,
    };

    [Fact]
    public void GradientsAndBucketsAreThoseThatAreSent()
    {
        using var replica = new Replica(s_digits.Build(1), torch.CPU);
        WorkloadSpec workload = Clusters.ResNet50 with { Gradients = ModelWorkload.Gradients(s_digits) };

        Assert.Equal(replica.Parameters.Length, workload.Elements);
        Assert.Equal(
            replica.ParameterRanges.Select(range => new ProgramParameter(range.Length, range.Shape.Count > 1 ? range.Shape[0] : null)),
            workload.Scope(Clusters.Juwels(1)).Parameters);
        Assert.Equal(
            GradientAverager.Plan(replica.ParameterRanges, 1 << 20, 1 << 18).Select(bucket => (long)bucket.Range.Length),
            workload.Buckets(1 << 20, 1 << 18).Select(bucket => bucket.Elements));
    }

    [Fact]
    public void AResNetsBlocksTakeAboutTheSameShareOfBackward()
    {
        IReadOnlyList<GradientTensor> gradients = ModelWorkload.Gradients(s_digits);
        double[] moments = [.. gradients.Select(gradient => gradient.ReadyAt).Distinct()];

        Assert.Equal(10, moments.Length);
        Assert.Equal(1, moments[^1]);
        Assert.InRange(moments[4], 0.4, 0.6);
    }
}
