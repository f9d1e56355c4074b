using Daso.Baselines;
using Daso.Models;
using Daso.Tests.Cluster;
using static TorchSharp.torch;

namespace Daso.Tests.Baselines;

public sealed class OneBitTests
{
    /// <summary>Two parameters, the first of which is padded: on four ranks chunks are multiples of 8 elements.</summary>
    private static readonly ParameterRange[] s_parameters =
        [new("first", 0, 0, 70, [70]), new("second", 1, 70, 64, [8, 8])];

    [Fact]
    public void Two_ranks_and_one_scale_are_calculated_by_hand()
    {
        // Rank 0: +2 and −2 in turn, scale 2. Rank 1: 1 everywhere, scale 1. The mean is 1.5 and −0.5; each server's scale √1.25.
        float[][] seen = Averages(2, 1, [new("one", 0, 0, 16, [16])], times: 1, (rank, _, i) => rank == 1 ? 1 : i % 2 == 0 ? 2 : -2)[0];
        float[] expected = [.. Enumerable.Range(0, 16).Select(i => (i % 2 == 0 ? 1 : -1) * MathF.Sqrt(1.25f))];
        Assert.All(expected.Zip(seen[0]), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Zero_is_positive() =>
        Assert.All(Averages(2, 1, [new("one", 0, 0, 16, [16])], times: 1, (_, _, i) => i == 3 ? -4 : 0)[0][0].Index(),
            one => Assert.Equal(one.Index == 3 ? -1 : 1, one.Item));

    /// <summary>DeepSpeed's oracle (tests/onebit/test_nccl_backend.py) in double, with the errors that it starts from.</summary>
    [Theory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    public void It_is_the_oracle_of_DeepSpeed_time_after_time(int nodes, int ranksPerNode)
    {
        const int Times = 4;
        int ranks = nodes * ranksPerNode;
        static float Value(int rank, int time, int i) => MathF.Sin((7 * i) + (3 * time) + rank) + (0.01f * rank) - 0.2f;
        float[][][] seen = Averages(nodes, ranksPerNode, s_parameters, Times, Value);
        foreach (ParameterRange parameter in s_parameters)
        {
            int unit = ranks * 8 / (ranks % 2 == 0 ? 4 : 1);
            int chunk = (parameter.Length + (ranks * unit) - 1) / (ranks * unit) * unit;
            double[][] worker = [.. Enumerable.Range(0, ranks).Select(_ => new double[chunk * ranks])];
            double[] server = new double[chunk * ranks];
            for (int time = 0; time < Times; time++)
            {
                double[] mean = new double[chunk * ranks];
                for (int rank = 0; rank < ranks; rank++)
                {
                    for (int i = 0; i < parameter.Length; i++)
                        worker[rank][i] += Value(rank, time, parameter.Offset + i);
                    Compress(worker[rank], mean, 1.0 / ranks);
                }

                double[] result = new double[chunk * ranks];
                for (int rank = 0; rank < ranks; rank++)
                {
                    Span<double> own = server.AsSpan(rank * chunk, chunk);
                    for (int i = 0; i < chunk; i++)
                        own[i] += mean[(rank * chunk) + i];
                    Compress(own, result.AsSpan(rank * chunk, chunk), 1);
                }

                for (int i = 0; i < parameter.Length; i++)
                {
                    for (int rank = 0; rank < ranks; rank++)
                        Assert.Equal(result[i], seen[rank][time][parameter.Offset + i], 2e-6);
                }
            }
        }

        static void Compress(Span<double> values, Span<double> sum, double share)
        {
            double squares = 0;
            foreach (double value in values)
                squares += value * value;
            double scale = Math.Sqrt(squares / values.Length);
            for (int i = 0; i < values.Length; i++)
            {
                double sent = values[i] >= 0 ? scale : -scale;
                sum[i] += share * sent;
                values[i] -= sent;
            }
        }
    }

    [Fact]
    public void Until_the_freeze_it_is_Adam_on_the_mean_gradient()
    {
        float[] directions = Directions(new OneBitAdamSpec { FreezeSteps = 3 }, 3);
        (double mean, double square) = (0, 0);
        for (int step = 0; step < 3; step++)
        {
            double g = 1.5 + step; // of ranks 0 and 1
            mean = (0.9 * mean) + (0.1 * g);
            square = (0.999 * square) + (0.001 * g * g);
            Assert.Equal(mean / (Math.Sqrt(square) + 1e-8), directions[step], 1e-5);
        }
    }

    [Fact]
    public void After_the_freeze_equal_elements_lose_nothing()
    {
        // One bit and a scale are all that equal numbers are.
        float[] directions = Directions(new OneBitAdamSpec { FreezeSteps = 1 }, 3);
        double mean = 0.1 * 1.5, root = Math.Sqrt(0.001 * 1.5 * 1.5) + 1e-8;
        for (int step = 1; step < 3; step++)
        {
            mean = (0.9 * mean) + (0.1 * (1.5 + step));
            Assert.Equal(mean / root, directions[step], 1e-4);
        }
    }

    [Fact]
    public void The_intervals_of_0_1_Adam_double()
    {
        var schedule = new ZeroOneSchedule(new ZeroOneAdamSpec
        {
            VarianceUpdates = 2,
            VarianceFreezeStep = 8,
            LocalSteps = 3,
            MaximumInterval = 2,
        });
        string seen = "";
        for (int step = 1; step <= 18; step++)
        {
            seen += schedule.Action switch
            {
                ZeroOneAction.WholeGradient => 'V',
                ZeroOneAction.OneBitGradient => 'g',
                ZeroOneAction.Synchronise => 'S',
                _ => '.',
            };
            schedule.Advance();
        }

        // Updates of the variance in steps 1, 2, then 4 (of every second), 6, then 8 (of every fourth); frozen from step 10.
        Assert.Equal("VVgVgVgVg" + "SSS" + ".S.S.S", seen);
    }

    [Fact]
    public void Between_synchronisations_ranks_of_0_1_Adam_go_on_alone_and_then_agree()
    {
        var spec = new ZeroOneAdamSpec { VarianceFreezeStep = 1, LocalSteps = 1, MaximumInterval = 4 };
        float[][][] seen = TestCluster.Collect(2, 1, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (4, 4));
            var parameters = new List<float[]>();
            for (int step = 0; step < 9; step++)
            {
                run.Step(
                    one => one.Gradients.Fill(1 + ranks.Rank),
                    one => OptimizerStep(one),
                    learningRate: 0.1);
                parameters.Add(run.Parameters.ToArray());
            }

            return parameters.ToArray();
        });
        for (int step = 0; step < 9; step++)
        {
            // Frozen from step 3 on (from 1), in which the interval becomes 2, and in the next 4.
            bool agree = step + 1 is <= 4 or 8;
            Assert.Equal(agree, seen[0][step].SequenceEqual(seen[1][step]));
        }

        // The mean of equal elements' steps is exact: x + (mean of the ranks' changes).
        static void OptimizerStep(RivalRun run)
        {
            for (int i = 0; i < run.Parameters.Length; i++)
                run.Parameters[i] -= 0.1f * run.Gradients[i];
        }
    }

    [Fact]
    public void They_bring_their_optimizer_along() =>
        Assert.Equal("SgdSpec { Momentum = 0, WeightDecay = 0.5, Nesterov = False }", new OneBitAdamSpec { WeightDecay = 0.5 }.OwnOptimizer.ToString());

    private static float[] Directions(OneBitAdamSpec spec, int steps) => TestCluster.Collect(2, 1, ranks =>
    {
        using var run = new RivalRun(spec, ranks, (4, 4));
        var directions = new List<float>();
        for (int step = 0; step < steps; step++)
        {
            run.Step(one => one.Gradients.Fill(1 + step + ranks.Rank), one => directions.Add(one.Gradients[0]));
            Assert.Equal(directions[^1], run.Gradients[15]);
        }

        return directions.ToArray();
    })[0];

    /// <summary>What every rank gets every time.</summary>
    private static float[][][] Averages(
        int nodes, int ranksPerNode, ParameterRange[] parameters, int times, Func<int, int, int, float> value) =>
        TestCluster.Collect(nodes, ranksPerNode, ranks =>
        {
            using var average = new OneBitAverage(parameters, ranks.World);
            using var values = new FlatTensor(parameters[^1].Offset + parameters[^1].Length, CPU);
            var seen = new float[times][];
            for (int time = 0; time < times; time++)
            {
                for (int i = 0; i < values.Length; i++)
                    values.Host.Span[i] = value(ranks.Rank, time, i);
                average.Run(values);
                seen[time] = values.Host.Span.ToArray();
            }

            return seen;
        });
}
