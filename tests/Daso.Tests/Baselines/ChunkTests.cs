using Daso.Baselines;
using Daso.Models;
using Daso.Strategies;
using Daso.Tests.Cluster;
using static TorchSharp.torch;

namespace Daso.Tests.Baselines;

/// <summary>DeMo and SparseLoCo, and the chunks that both are made of.</summary>
public sealed class ChunkTests
{
    [Theory]
    [InlineData(false, 6, 10, 4)]
    [InlineData(true, 6, 10, 4)]
    [InlineData(true, 1, 15, 64)]
    [InlineData(true, 64, 64, 64)]
    public void What_is_cut_is_joined(bool isTransformed, int rows, int columns, int limit)
    {
        using var flat = new FlatTensor(3 + (rows * columns), CPU);
        using var joined = new FlatTensor(flat.Length, CPU);
        var range = new ParameterRange("one", 0, 3, rows * columns, rows == 1 ? [columns] : [rows, columns]);
        using var chunks = new ParameterChunks(range, limit, topK: 2, isTransformed, CPU);
        for (int i = 0; i < flat.Length; i++)
            flat.Host.Span[i] = MathF.Sin(i);
        using Tensor split = chunks.Split(flat);
        chunks.Join(split, joined);
        for (int i = 3; i < flat.Length; i++)
            Assert.Equal(flat.Host.Span[i], joined.Host.Span[i], 1e-5f);
        using Tensor energy = split.square().sum();
        Assert.Equal(flat.Host.Span[3..].ToArray().Sum(value => value * value), energy.item<float>(), 1e-3f);
    }

    [Fact]
    public void Chunks_are_blocks_of_the_matrix()
    {
        using var flat = new FlatTensor(4 * 6, CPU);
        for (int i = 0; i < flat.Length; i++)
            flat.Host.Span[i] = i;
        using var chunks = new ParameterChunks(new ParameterRange("one", 0, 0, 24, [4, 6]), limit: 3, topK: 9, isTransformed: false, CPU);
        Assert.Equal((4, 6, 6), (chunks.Count, chunks.Size, chunks.Selected));
        using Tensor split = chunks.Split(flat);
        Assert.Equal([0, 1, 2, 6, 7, 8, 3, 4, 5, 9, 10, 11], split.data<float>().Take(12));
    }

    [Fact]
    public void A_constant_chunk_is_one_coefficient()
    {
        using var flat = new FlatTensor(16, CPU);
        flat.Host.Span.Fill(3);
        using var chunks = new ParameterChunks(new ParameterRange("one", 0, 0, 16, [4, 4]), limit: 4, topK: 1, isTransformed: true, CPU);
        using Tensor split = chunks.Split(flat);
        float[] coefficients = [.. split.data<float>()];
        Assert.Equal(12, coefficients[0], 1e-5f);
        Assert.All(coefficients[1..], value => Assert.Equal(0, value, 1e-5f));
    }

    [Fact]
    public void Two_places_are_three_bytes()
    {
        byte[] packed = new byte[6];
        TwoBitChunkCodec.Pack([0x123, 0xABC, 0xFFF], packed);
        Assert.Equal([0x23, 0xC1, 0xAB, 0xFF, 0x0F, 0x00], packed);
        long[] places = new long[3];
        TwoBitChunkCodec.Unpack(packed, places);
        Assert.Equal([0x123, 0xABC, 0xFFF], places);
    }

    [Fact]
    public void Two_bits_are_the_means_of_four_bins()
    {
        // Centred by 1: 3, 2, −3, −2; σ = √(26/3), bins of 6σ/4 = 4.416 around it: 3 is in the last, 2 and −2 in the third, −3 in the second.
        var codec = new TwoBitChunkCodec();
        float[] values = [4, 3, -2, -1];
        byte[] message = new byte[codec.BytesFor(4)];
        Assert.Equal(16 + 6 + 1, message.Length);
        codec.Write([0, 5, 9, 4095], values, message);
        Assert.Equal([4, 1, -2, 1], values);
        (long[] places, float[] read) = (new long[4], new float[4]);
        codec.Read(message, places, read);
        Assert.Equal([0, 5, 9, 4095], places);
        Assert.Equal(values, read);
    }

    /// <summary>The rule in double, with the transform as its sum.</summary>
    [Fact]
    public void DeMo_goes_along_the_sign_of_the_mean_of_the_largest_coefficients()
    {
        const int Side = 4, Steps = 4;
        static float Gradient(int rank, int step, int i) => MathF.Sin((3 * i) + (2 * rank) + step) + 0.3f;
        var spec = new DeMoSpec { TopK = 3, Decay = 0.9 };
        float[][] seen = Signs(spec, 2, 1, Steps, Gradient)[0];
        double[][] momenta = [new double[Side * Side], new double[Side * Side]];
        for (int step = 0; step < Steps; step++)
        {
            var sums = new double[Side * Side];
            var counts = new int[Side * Side];
            for (int rank = 0; rank < 2; rank++)
            {
                for (int i = 0; i < Side * Side; i++)
                    momenta[rank][i] = (0.9 * momenta[rank][i]) + (0.5 * Gradient(rank, step, i));
                double[] coefficients = Transform(momenta[rank], isInverse: false);
                var sent = new double[Side * Side];
                foreach (int place in Enumerable.Range(0, Side * Side).OrderByDescending(i => Math.Abs(coefficients[i])).Take(3))
                {
                    sent[place] = coefficients[place];
                    sums[place] += coefficients[place];
                    counts[place]++;
                }

                double[] transmitted = Transform(sent, isInverse: true);
                for (int i = 0; i < Side * Side; i++)
                    momenta[rank][i] -= transmitted[i];
            }

            double[] mean = Transform([.. sums.Zip(counts, (sum, count) => sum / Math.Max(1, count))], isInverse: true);
            Assert.All(mean.Zip(seen[step]), pair => Assert.True(Math.Abs(pair.First) < 1e-5 || Math.Sign(pair.First) == pair.Second));
        }

        static double[] Transform(double[] values, bool isInverse)
        {
            static double Basis(int j, int b) =>
                Math.Sqrt((b == 0 ? 1.0 : 2.0) / Side) * Math.Cos(Math.PI * ((2 * j) + 1) * b / (2.0 * Side));
            var result = new double[Side * Side];
            for (int i = 0; i < result.Length; i++)
            {
                for (int k = 0; k < values.Length; k++)
                {
                    ((int y, int x), (int b, int d)) = isInverse
                        ? ((i / Side, i % Side), (k / Side, k % Side))
                        : ((k / Side, k % Side), (i / Side, i % Side));
                    result[i] += values[k] * Basis(y, b) * Basis(x, d);
                }
            }

            return result;
        }
    }

    [Fact]
    public void Striding_sends_rows_in_turn()
    {
        var spec = new DeMoSpec { Replication = DeMoReplication.Striding, Rate = 0.5 };
        // Rows 0 and 2 of four, then, as 2·2 is a multiple of 4, rows 1 and 3; what waits is added to.
        float[][] seen = Signs(spec, 2, 1, 2, (rank, step, i) => i / 4 == 3 ? (step == 0 ? -3 : 1) : rank + 1)[0];
        Assert.Equal([1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0], seen[0]);
        Assert.Equal([0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, -1, -1, -1, -1], seen[1]);
    }

    [Fact]
    public void Striding_is_DeToNATIONs_and_every_row_comes()
    {
        var spec = new DeMoSpec { Replication = DeMoReplication.Striding };
        var rows = StridedRows.Of(new ProgramParameter(64 * 5, 64), spec);
        Assert.Equal([0, 11, 22, 33, 44, 55], rows.At(0));
        Assert.Equal([2, 13, 24, 35, 46, 57], rows.At(1));
        for (int n = 1; n <= 64; n++)
        {
            var some = StridedRows.Of(new ProgramParameter(n * 5, n), spec);
            Assert.Equal(n, Enumerable.Range(0, n).SelectMany(step => some.At(step)).Distinct().Count());
        }
    }

    [Theory]
    [InlineData(DeMoReplication.Dct)]
    [InlineData(DeMoReplication.Striding)]
    public void On_nodes_the_first_ranks_exchange_and_all_go_along(DeMoReplication replication)
    {
        var spec = new DeMoSpec { Replication = replication, NodeGradients = true, Rate = 0.5 };
        float[][][] seen = Signs(spec, 2, 2, 3, (rank, step, i) => MathF.Cos(i + rank + step));
        for (int rank = 1; rank < 4; rank++)
            Assert.Equal(seen[0], seen[rank]);
        Assert.Contains(1, seen[0][2]);
        Assert.Contains(-1, seen[0][2]);
    }

    [Theory]
    [InlineData(2, 1, true)]
    [InlineData(2, 2, true)]
    [InlineData(1, 2, false)]
    public void SparseLoCo_goes_an_outer_step_with_what_was_sent_and_keeps_the_rest(int nodes, int ranksPerNode, bool hasNodes)
    {
        var spec = new SparseLoCoSpec { Period = 2, NodeGradients = hasNodes };
        float[][][] seen = TestCluster.Collect(nodes, ranksPerNode, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (2, 2));
            var parameters = new List<float[]>();
            int worker = hasNodes ? ranks.Rank / ranksPerNode : ranks.Rank;
            for (int step = 0; step < 4; step++)
            {
                run.Step(optimizer: one =>
                {
                    for (int i = 0; i < 4; i++)
                        one.Parameters[i] -= (worker + 1) * (i + 1) * 0.5f;
                });
                parameters.Add(run.Parameters.ToArray());
            }

            return parameters.ToArray();
        });
        var codec = new TwoBitChunkCodec();
        float[] agreed = [1, 1, 1, 1];
        float[][] rests = [new float[4], new float[4]];
        for (int round = 0; round < 2; round++)
        {
            float[][] sent = [.. rests.Select((rest, worker) =>
            {
                for (int i = 0; i < 4; i++)
                    rest[i] = (0.95f * rest[i]) + ((worker + 1) * (i + 1));
                float[] values = [.. rest];
                codec.Write([0, 1, 2, 3], values, new byte[codec.BytesFor(4)]);
                for (int i = 0; i < 4; i++)
                    rest[i] -= values[i];
                return values;
            })];
            double[] norms = [.. sent.Select(one => Math.Sqrt(one.Sum(value => value * value)))];
            for (int i = 0; i < 4; i++)
                agreed[i] -= 0.4f * (float)sent.Index().Average(one => one.Item[i] * Math.Min(1, norms.Min() / norms[one.Index]));
            Assert.All(seen, rank => Assert.All(agreed.Zip(rank[(2 * round) + 1]), pair => Assert.Equal(pair.First, pair.Second, 1e-5f)));
        }
    }

    private static float[][][] Signs(DeMoSpec spec, int nodes, int ranksPerNode, int steps, Func<int, int, int, float> gradient) =>
        TestCluster.Collect(nodes, ranksPerNode, ranks =>
        {
            using var run = new RivalRun(spec, ranks, (4, 4));
            var seen = new float[steps][];
            for (int step = 0; step < steps; step++)
            {
                run.Step(
                    one =>
                    {
                        for (int i = 0; i < one.Gradients.Length; i++)
                            one.Gradients[i] = gradient(ranks.Rank, step, i);
                    },
                    one => seen[one.Steps] = one.Gradients.ToArray(),
                    learningRate: 0.5);
            }

            return seen;
        });
}
