using CsCheck;
using Daso.Models;
using Daso.Optimization;
using TorchSharp;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace Daso.Tests.Optimization;

public sealed class OptimizerTests
{
    private const int Steps = 20;

    private static readonly Gen<(int Length, ulong Seed)> Lengths = Gen.Select(Gen.Int[1, 70], Gen.ULong);

    [Theory]
    [InlineData(0.9, 1e-4)]
    [InlineData(0, 0)]
    public void Sgd_follows_torch(double momentum, double weightDecay) =>
        Follows(new SgdSpec(momentum, weightDecay), p => optim.SGD([p], learningRate: 0.1, momentum: momentum, weight_decay: weightDecay));

    [Fact]
    public void Sgd_with_Nesterovs_momentum_follows_torch() =>
        Follows(
            new SgdSpec(0.9, 1e-3) { Nesterov = true },
            p => optim.SGD([p], learningRate: 0.1, momentum: 0.9, weight_decay: 1e-3, nesterov: true));

    [Fact]
    public void AdamW_follows_torch() =>
        Follows(
            new AdamWSpec(0.9, 0.95, 1e-8, 0.1),
            p => optim.AdamW([p], lr: 0.01, beta1: 0.9, beta2: 0.95, eps: 1e-8, weight_decay: 0.1),
            learningRate: 0.01);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.3, 0.4)]
    [InlineData(0.9, 0.999)]
    public void AdamW_loses_no_gradient_that_is_much_smaller_than_the_means(double beta1, double beta2)
    {
        float[] parameters = new float[19], gradients = new float[19], mean = new float[19], square = new float[19];
        mean.AsSpan().Fill(1);
        square.AsSpan().Fill(1);
        gradients.AsSpan().Fill(1e-9f);

        AdamW.Update(parameters, gradients, mean, square, AdamW.Factors.For(new AdamWSpec(beta1, beta2), 0.01, 3));

        double expectedMean = beta1 + (1 - beta1) * 1e-9, expectedSquare = beta2 + (1 - beta2) * 1e-18;
        Assert.All(mean, value => Assert.Equal(1, value / expectedMean, 1e-6));
        Assert.All(square, value => Assert.Equal(1, value / expectedSquare, 1e-6));
    }

    [Fact]
    public void Sgd_in_host_memory_equals_the_tensor_operations() => Lengths.Sample(
        (length, seed) => Agree(length, seed, buffers: 1, (p, g, s) => Sgd.Update(p, g, s[0], new Sgd.Factors(0.1f, 0.9f, 0.01f)),
            (p, g, s) => Sgd.Update(p, g, s[0], new Sgd.Factors(0.1f, 0.9f, 0.01f))),
        iter: 60);

    [Fact]
    public void Sgd_with_Nesterovs_momentum_in_host_memory_equals_the_tensor_operations() => Lengths.Sample(
        (length, seed) =>
        {
            var factors = new Sgd.Factors(0.1f, 0.9f, 0.01f, Nesterov: true);
            Agree(length, seed, buffers: 1, (p, g, s) => Sgd.Update(p, g, s[0], factors), (p, g, s) => Sgd.Update(p, g, s[0], factors));
        },
        iter: 60);

    [Fact]
    public void AdamW_in_host_memory_equals_the_tensor_operations() => Lengths.Sample(
        (length, seed) =>
        {
            AdamW.Factors factors = AdamW.Factors.For(new AdamWSpec(), 0.01, 3);
            Agree(length, seed, buffers: 2, (p, g, s) => AdamW.Update(p, g, s[0], s[1], factors), (p, g, s) => AdamW.Update(p, g, s[0], s[1], factors));
        },
        iter: 60);

    [Fact]
    public void An_elements_update_does_not_depend_on_its_place() => Gen.Int[0, 40].Sample(
        offset =>
        {
            float[] p = new float[64], g = new float[64], v = new float[64];
            p.AsSpan().Fill(0.3f);
            g.AsSpan().Fill(0.7f);
            v.AsSpan().Fill(-0.11f);
            var factors = new Sgd.Factors(0.1f, 0.9f, 0.013f);
            Sgd.Update(p.AsSpan(offset), g.AsSpan(offset), v.AsSpan(offset), factors);
            Assert.Single(p[offset..].Distinct());
            Assert.All(p[..offset], x => Assert.Equal(0.3f, x));
        },
        iter: 41);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_step_allocates_nothing(bool adam)
    {
        using var replica = new Replica(new LayeredModel("line", ("only", nn.Linear(33, 7))), CPU);
        OptimizerSpec spec = adam ? new AdamWSpec() : new SgdSpec(0.9, 0);
        using IOptimizer optimizer = spec.Create(replica.Parameters, replica.Gradients);
        optimizer.Step(0.1);

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            optimizer.Step(0.1);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.Equal(11, optimizer.Steps);
    }

    [Fact]
    public void A_momentum_of_one_is_the_users_mistake()
    {
        using var replica = new Replica(new LayeredModel("line", ("only", nn.Linear(2, 2))), CPU);

        Assert.Throws<UserErrorException>(() => new SgdSpec(1, 0).Create(replica.Parameters, replica.Gradients));
        Assert.Throws<UserErrorException>(() => new AdamWSpec(Epsilon: double.NaN).Create(replica.Parameters, replica.Gradients));
    }

    private static void Follows(OptimizerSpec spec, Func<Parameter, optim.Optimizer> reference, double learningRate = 0.1)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(2, CPU);
        using var replica = new Replica(new LayeredModel("line", ("only", nn.Linear(9, 5))), CPU);
        using IOptimizer optimizer = spec.Create(replica.Parameters, replica.Gradients);
        var parameter = new Parameter(replica.Parameters.Tensor.clone());
        using optim.Optimizer torchs = reference(parameter);
        for (int step = 0; step < Steps; step++)
        {
            Tensor gradient = empty(replica.Parameters.Length).normal_(0, 1, generator);
            replica.Gradients.Tensor.copy_(gradient);
            parameter.grad = gradient;
            optimizer.Step(learningRate);
            torchs.step();

            Assert.True(allclose(parameter, replica.Parameters.Tensor, 1e-6, 1e-6), $"step {step}");
            Assert.All(replica.Gradients.Host.ToArray(), g => Assert.Equal(0, g));
        }
    }

    private delegate void HostUpdate(float[] parameters, float[] gradients, float[][] state);

    private static void Agree(int length, ulong seed, int buffers, HostUpdate host, Action<Tensor, Tensor, Tensor[]> device)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(seed, CPU);
        Tensor Draw() => empty(length).normal_(0, 1, generator);
        Tensor parameters = Draw(), gradients = Draw();
        Tensor[] state = [.. Enumerable.Range(0, buffers).Select(_ => Draw().abs_())];
        float[] p = parameters.data<float>().ToArray(), g = gradients.data<float>().ToArray();
        float[][] s = [.. state.Select(t => t.data<float>().ToArray())];

        host(p, g, s);
        device(parameters, gradients, state);

        Close(parameters, p);
        Close(gradients, g);
        for (int i = 0; i < buffers; i++)
            Close(state[i], s[i]);
    }

    private static void Close(Tensor expected, float[] actual) => Assert.True(allclose(expected, tensor(actual), 1e-6, 1e-6));
}
