using Daso.Models;
using Daso.Optimization;
using static TorchSharp.torch;

namespace Daso.Tests.Optimization;

public sealed class PrunedTests
{
    [Fact]
    public void The_smallest_parameters_are_zero_and_stay_so()
    {
        using var parameters = new FlatTensor(4, CPU);
        using var gradients = new FlatTensor(4, CPU);
        new[] { 0.5f, -3, 1, -0.1f }.CopyTo(parameters.Host.Span);
        using IOptimizer optimizer = new PrunedSpec { Optimizer = new SgdSpec(0.9, 0), Sparsity = 0.5 }.Create(parameters, gradients);
        Assert.Equal([0, -3, 1, 0], parameters.Host.ToArray());
        for (int step = 0; step < 2; step++)
        {
            gradients.Host.Span.Fill(1);
            optimizer.Step(1);
        }

        Assert.Equal([0, -5.9f, -1.9f, 0], parameters.Host.ToArray().Select(value => MathF.Round(value, 4)));
        Assert.Equal(2, optimizer.Steps);
    }
}
