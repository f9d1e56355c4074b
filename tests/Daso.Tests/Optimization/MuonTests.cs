using Daso.Models;
using Daso.Optimization;
using static TorchSharp.torch;

namespace Daso.Tests.Optimization;

/// <summary>Muon and AccumAdam against their formulas in double.</summary>
public sealed class MuonTests
{
    private static readonly double[][] s_steps =
    [
        [4.0848, -6.8946, 2.9270], [3.9505, -6.3029, 2.6377], [3.7418, -5.5913, 2.3037], [2.8769, -3.1427, 1.2046], [2.8366, -3.0525, 1.2012],
    ];

    /// <summary>On a diagonal a step is a polynomial of each element: s := a·s + b·s³ + c·s⁵. MuLoCo's constants, rate and decay.</summary>
    [Theory]
    [InlineData(4, 2, false)]
    [InlineData(2, 4, true)]
    public void A_matrix_goes_along_its_orthogonal_momentum(int outputs, int inputs, bool nesterov)
    {
        const double Rate = 0.1, Decay = 0.5, Momentum = 0.9;
        var spec = new MuonSpec { SparesEnds = false, Momentum = Momentum, WeightDecay = Decay, Nesterov = nesterov };
        using var replica = new Replica(new LayeredModel("one", ("first", nn.Linear(inputs, outputs, hasBias: false))), CPU);
        replica.Parameters.Host.Span.Fill(1);
        using IOptimizer optimizer = spec.Create(replica);
        double[] gradient = [3, 1], momentum = [0, 0], diagonal = [1, 1];
        double outside = 1;
        for (int step = 0; step < 3; step++)
        {
            replica.Gradients.Host.Span[0] = (float)gradient[0];
            replica.Gradients.Host.Span[inputs + 1] = (float)gradient[1];
            optimizer.Step(Rate);
            for (int i = 0; i < 2; i++)
                momentum[i] = (Momentum * momentum[i]) + gradient[i];
            double[] direction = [.. momentum.Select((v, i) => nesterov ? gradient[i] + (Momentum * v) : v)];
            double norm = Math.Sqrt(direction.Sum(one => one * one));
            for (int i = 0; i < 2; i++)
            {
                double s = direction[i] / norm;
                foreach (double[] c in s_steps)
                    s = (c[0] * s) + (c[1] * Math.Pow(s, 3)) + (c[2] * Math.Pow(s, 5));
                diagonal[i] = (diagonal[i] * (1 - (Rate * Decay))) - (Rate * Math.Sqrt((double)outputs / inputs) * s);
            }

            outside *= 1 - (Rate * Decay);
            Assert.Equal(diagonal[0], replica.Parameters.Host.Span[0], 1e-5);
            Assert.Equal(diagonal[1], replica.Parameters.Host.Span[inputs + 1], 1e-5);
            Assert.Equal(outside, replica.Parameters.Host.Span[1], 1e-5);
            Assert.All(replica.Gradients.Host.ToArray(), value => Assert.Equal(0, value));
        }
    }

    /// <summary>Biases, and with the usual settings the matrices of the first and the last part, get AdamW's bits.</summary>
    [Fact]
    public void All_else_is_AdamWs()
    {
        using Replica muons = Make(), adams = Make();
        using IOptimizer muon = new MuonSpec { Others = new AdamWSpec(0.8, 0.9, 1e-6, 0.1) }.Create(muons);
        using IOptimizer adam = new AdamWSpec(0.8, 0.9, 1e-6, 0.1).Create(adams);
        for (int step = 0; step < 3; step++)
        {
            foreach (Replica replica in (Replica[])[muons, adams])
            {
                for (int i = 0; i < replica.Gradients.Length; i++)
                    replica.Gradients.Host.Span[i] = MathF.Sin(i + step);
            }

            muon.Step(0.05);
            adam.Step(0.05);
        }

        foreach (ParameterRange range in muons.ParameterRanges)
        {
            bool isMuons = range.Part == 1 && range.Shape.Count > 1;
            bool isSame = muons.Parameters.Host.Span.Slice(range.Offset, range.Length)
                .SequenceEqual(adams.Parameters.Host.Span.Slice(range.Offset, range.Length));
            Assert.Equal(!isMuons, isSame);
        }

        static Replica Make()
        {
            var replica = new Replica(
                new LayeredModel("three", ("in", nn.Linear(3, 4)), ("middle", nn.Conv2d(4, 5, 1)), ("out", nn.Linear(5, 2))), CPU);
            for (int i = 0; i < replica.Parameters.Length; i++)
                replica.Parameters.Host.Span[i] = MathF.Cos(i);
            return replica;
        }
    }

    [Fact]
    public void As_an_outer_optimizer_it_is_refused_and_clipped_it_is_not()
    {
        using var flat = new FlatTensor(2, CPU);
        Assert.Contains("matrices", Assert.Throws<UserErrorException>(() => new MuonSpec().Create(flat, flat)).Message);
        using var replica = new Replica(new LayeredModel("one", ("first", nn.Linear(2, 2))), CPU);
        using IOptimizer clipped = new ClippedSpec { Optimizer = new MuonSpec() }.Create(replica);
        Assert.Equal(["momentum", "square"], clipped.State.Select(one => one.Name));
    }

    /// <summary>Appendix C: the step's gradient enters temporary means; those that are kept take in the mean of every k gradients.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void AccumAdam_moves_in_every_step_and_keeps_the_means_of_blocks(int k)
    {
        const double Beta1 = 0.9, Beta2 = 0.99, Rate = 0.1, Decay = 0.2, Epsilon = 1e-3;
        using var parameters = new FlatTensor(2, CPU);
        using var gradients = new FlatTensor(2, CPU);
        parameters.Host.Span.Fill(1);
        using IOptimizer optimizer = new AccumAdamWSpec(k, Beta1, Beta2, Epsilon, Decay).Create(parameters, gradients);
        double x = 1, mean = 0, square = 0, accumulated = 0;
        for (int step = 1; step <= 8; step++)
        {
            double g = Math.Sin(step);
            gradients.Host.Span.Fill((float)g);
            optimizer.Step(Rate);
            int block = (step + k - 1) / k;
            double m = ((Beta1 * mean) + ((1 - Beta1) * g)) / (1 - Math.Pow(Beta1, block));
            double v = ((Beta2 * square) + ((1 - Beta2) * g * g)) / (1 - Math.Pow(Beta2, block));
            x = (x * (1 - (Rate * Decay))) - (Rate * m / (Math.Sqrt(v) + Epsilon));
            accumulated += g / k;
            if (step % k == 0)
            {
                mean = (Beta1 * mean) + ((1 - Beta1) * accumulated);
                square = (Beta2 * square) + ((1 - Beta2) * accumulated * accumulated);
                accumulated = 0;
            }

            Assert.Equal(x, parameters.Host.Span[1], 1e-5);
            Assert.Equal(0, gradients.Host.Span[1]);
        }
    }
}
