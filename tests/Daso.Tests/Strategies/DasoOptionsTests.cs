using CsCheck;
using Daso.Communication;
using Daso.Gpu;
using Daso.Models;
using Daso.Strategies;
using Daso.Tests.Cluster;
using static TorchSharp.torch;

namespace Daso.Tests.Strategies;

/// <summary>What DASO offers beyond the paper and the reference implementation.</summary>
public class DasoOptionsTests(ITestOutputHelper output)
{
    private const int StepsPerEpoch = 9;
    private const int Epochs = 7;

    /// <summary>Blocking, cycling with B = 8, 4, 2 and 1, blocking: every loss after the first tested one is a plateau.</summary>
    private static readonly DasoSettings s_wholeRun = new() { WarmupEpochs = 1, CooldownEpochs = 1, MaxGlobalSkips = 8, Patience = 0 };

    private static readonly DasoSettings s_cyclingOnly = new() { WarmupEpochs = 0 };

    public static TheoryData<DasoSpec> Options =>
    [
        new DasoSpec(),
        new DasoSpec { CyclingWire = WireFormat.BFloat16 },
        new DasoSpec { CyclingWire = WireFormat.Float16, ShardedDuty = true },
        new DasoSpec { MomentumAtMerge = MomentumAtMerge.Average, ShardedDuty = true },
        new DasoSpec { MomentumAtMerge = MomentumAtMerge.Reset, StalenessFactor = 0.5 },
        new DasoSpec { MomentumAtMerge = MomentumAtMerge.Average, MomentumPeriod = 3 },
        new DasoSpec { Merge = DasoMerge.Differences, CyclingWire = WireFormat.BFloat16 },
        new DasoSpec { Schedule = new DasoSettings { Variant = DasoVariant.Heat }, MasterCopy = true, CyclingWire = WireFormat.BFloat16 },
    ];

    [Theory]
    [InlineData(2, 2, "Float32", MomentumAtMerge.Keep)]
    [InlineData(3, 2, "BFloat16", MomentumAtMerge.Keep)]
    [InlineData(2, 4, "Float16", MomentumAtMerge.Average)]
    [InlineData(2, 7, "Float32", MomentumAtMerge.Reset)] // more ranks than parameters: a slice is empty
    [InlineData(3, 1, "Float32", MomentumAtMerge.Keep)]
    public void Sharded_duty_gives_what_the_rotating_group_gives(int nodes, int ranksPerNode, string blocking, MomentumAtMerge momentum)
    {
        var rotating = new DasoSpec { Schedule = s_wholeRun, BlockingWire = WireFormat.Named(blocking), MomentumAtMerge = momentum };
        float[][] expected = WholeRun(rotating, nodes, ranksPerNode);
        float[][] actual = WholeRun(rotating with { ShardedDuty = true }, nodes, ranksPerNode);
        float largest = expected.Zip(actual).SelectMany(pair => pair.First.Zip(pair.Second, (a, b) => MathF.Abs(a - b))).Max();
        output.WriteLine($"largest difference: {largest}");
        Assert.True(largest <= 1e-6f);
        // The run has moved the parameters, so that there was something to agree on.
        Assert.All(expected, one => Assert.All(one, value => Assert.NotEqual(1, value)));
    }

    [Fact]
    public void Sharded_duty_books_one_part_of_the_bytes_on_every_rank()
    {
        var rotating = new DasoSpec { Schedule = s_wholeRun, BlockingWire = WireFormat.Float32 };
        // An all-reduce between 2 nodes costs each its whole payload: 6 elements of 4 bytes, or slices of 2.
        Assert.Equal([24, 0, 0, 24, 0, 0], Bytes(rotating, steps: 1));
        Assert.Equal([8, 8, 8, 8, 8, 8], Bytes(rotating with { ShardedDuty = true }, steps: 1));
        // Over a whole run the cards' sums are equal, but no card is ever alone.
        Assert.Equal(
            Bytes(rotating, Epochs * StepsPerEpoch).Sum(),
            Bytes(rotating with { ShardedDuty = true }, Epochs * StepsPerEpoch).Sum());

        static long[] Bytes(DasoSpec spec, int steps) => Collect(spec, 2, 3, training =>
        {
            training.Train(0, steps);
            return training.Bytes;
        });
    }

    [Fact]
    public void Slices_cover_everything_once_and_are_nearly_equal() =>
        Gen.Select(Gen.Int[0, int.MaxValue], Gen.Int[1, 64]).Sample((length, count) =>
        {
            FlatRange[] slices = [.. Enumerable.Range(0, count).Select(index => NodeBroadcast.Slice(length, index, count))];
            Assert.Equal(0, slices[0].Offset);
            Assert.Equal(length, slices[^1].Offset + slices[^1].Length);
            Assert.All(slices.Zip(slices.Skip(1)), pair => Assert.Equal(pair.Second.Offset, pair.First.Offset + pair.First.Length));
            Assert.InRange(slices.Max(slice => slice.Length) - slices.Min(slice => slice.Length), 0, 1);
        });

    [Theory]
    [MemberData(nameof(Options))]
    public void A_run_resumed_at_any_step_ends_with_the_same_bits(DasoSpec options)
    {
        DasoSpec spec = options with { Schedule = s_wholeRun with { Variant = options.Schedule.Variant } };
        const int Steps = Epochs * StepsPerEpoch;
        byte[][] expected = Collect(spec, 2, 2, training =>
        {
            training.Train(0, Steps);
            return training.Bits();
        });
        foreach (int cut in (int[])[1, StepsPerEpoch, StepsPerEpoch + 1, 30, Steps - 1])
        {
            byte[][] states = Collect(spec, 2, 2, training =>
            {
                training.Train(0, cut);
                return training.Save();
            });
            byte[][] resumed = TestCluster.Collect(2, 2, ranks =>
            {
                using var training = new TinyRank(spec, ranks, Epochs, StepsPerEpoch);
                training.Load(states[ranks.Rank]);
                training.Train(cut, Steps);
                return training.Bits();
            });
            Assert.Equal(expected, resumed);
        }
    }

    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float16")]
    public void A_sixteen_bit_cycling_wire_carries_changes_and_half_the_bytes(string wire)
    {
        var spec = new DasoSpec { Schedule = s_cyclingOnly, CyclingWire = WireFormat.Named(wire) };
        // By equation 1 as with float32: the changes −1 and 1 from 1 are exact in 16 bit, 1000.5 + 1 would not be.
        (float Parameter, long Bytes)[] results = Collect(spec, 2, 2, training =>
        {
            foreach (int step in (int[])[0, 1])
            {
                training.Strategy.StepStarted(0, step);
                training.Replica.Parameters.Host.Span.Fill(step == 0 ? training.Rank : training.Rank < 2 ? 10 : 30);
                training.Strategy.OptimizerStepped();
            }

            return (training.Replica.Parameters.Host.Span[0], training.Bytes);
        });
        Assert.Equal([(5.5f, 12), (5.5f, 0), (15.5f, 12), (15.5f, 0)], results);
    }

    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float16")]
    public void A_sixteen_bit_cycling_wire_stays_close_to_float32(string wire)
    {
        var exact = new DasoSpec { Schedule = s_wholeRun, BlockingWire = WireFormat.Float32 };
        float[] expected = [.. WholeRun(exact, 2, 2).SelectMany(one => one)];
        float[] actual = [.. WholeRun(exact with { CyclingWire = WireFormat.Named(wire) }, 2, 2).SelectMany(one => one)];
        Assert.NotEqual(expected, actual);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
    }

    [Fact]
    public void What_rounding_drops_is_sent_later() =>
        Gen.Select(Gen.Float[-1, 1].Array[1, 40], Gen.Int[0, 2].Select(index => WireFormat.BuiltIn[index])).Sample((sends, wire) =>
        {
            using var feedback = new ErrorFeedback(1, CPU);
            using var value = new FlatTensor(1, CPU);
            double meant = 0, sent = 0;
            foreach (float one in sends)
            {
                meant += value.Host.Span[0] = one;
                feedback.Round(value, wire);
                sent += value.Host.Span[0];
            }

            // However many sends: no more is missing than half a last place of one of them (2⁻⁹ of at most about 1).
            Assert.Equal(meant, sent, 0.0025);
        });

    [Fact]
    public void What_a_device_rounds_has_the_bits_of_the_host() =>
        Gen.Select(Gen.Float[-70000, 70000].Array[8].Array[1, 3], Gen.Int[0, 2].Select(index => WireFormat.BuiltIn[index])).Sample((sends, wire) =>
        {
            using ErrorFeedback ofHost = new(8, CPU), ofDevice = new(8, CPU);
            using FlatTensor host = new(8, CPU), device = new(8, CPU);
            foreach (float[] values in sends)
            {
                values.CopyTo(host.Host);
                values.CopyTo(device.Host);
                ofHost.Round(host, wire);
                ofDevice.RoundOnDevice(device.Tensor, WireTypes.TypeOf(wire)!.Value);
                Assert.Equal(host.Host.ToArray(), device.Host.ToArray());
            }
        });

    [Theory]
    [InlineData("BFloat16")]
    [InlineData("Float16")]
    public void The_smallest_number_that_rounds_to_infinity_is_known(string name)
    {
        var wire = WireFormat.Named(name);
        float[] values = [wire.RoundsToInfinityFrom, MathF.BitDecrement(wire.RoundsToInfinityFrom)];
        wire.Round(values);
        Assert.Equal([true, false], values.Select(float.IsInfinity));
    }

    [Fact]
    public void What_a_wire_format_does_not_hold_ends_the_job()
    {
        var spec = new DasoSpec { BlockingWire = WireFormat.Float16 };
        ClusterFailedException failure = Assert.Throws<ClusterFailedException>(() => Collect(spec, 2, 1, training =>
        {
            training.Replica.Parameters.Host.Span[4] = training.Rank == 0 ? 0 : 70000;
            training.Strategy.StepStarted(0, 0);
            training.Strategy.OptimizerStepped();
            return 0;
        }));
        Assert.Equal("rank 1 failed: parameter second.weight is 69999: more than Float16 holds; take another wire format", failure.Message);
    }

    [Fact]
    public void The_staleness_factor_weighs_a_ranks_own_parameters()
    {
        var spec = new DasoSpec { Schedule = s_cyclingOnly, StalenessFactor = 4 };
        float[] merged = Collect(spec, 2, 1, training =>
        {
            foreach (int step in (int[])[0, 1])
            {
                training.Strategy.StepStarted(0, step);
                training.Replica.Parameters.Host.Span.Fill(10 * step);
                training.Strategy.OptimizerStepped();
            }

            return training.Replica.Parameters.Host.Span[0];
        });
        // (4·1·10 + 0)/(4·1 + 2)
        Assert.All(merged, value => Assert.Equal(40 / 6f, value, 1e-5f));
    }

    [Theory]
    [InlineData("Float32")]
    [InlineData("BFloat16")]
    public void A_merge_by_differences_keeps_what_a_rank_has_learned_since(string wire)
    {
        var spec = new DasoSpec { Schedule = s_cyclingOnly, Merge = DasoMerge.Differences, CyclingWire = WireFormat.Named(wire) };
        float[] merged = Collect(spec, 2, 1, training =>
        {
            foreach (int step in (int[])[0, 1])
            {
                training.Strategy.StepStarted(0, step);
                training.Replica.Parameters.Host.Span.Fill(step == 0 ? 4 * training.Rank : 10 + (5 * training.Rank));
                training.Strategy.OptimizerStepped();
            }

            return training.Replica.Parameters.Host.Span[0];
        });
        // Sent 0 and 4, the mean is 2; since then 10 and 15: 10 + 2 − 0 and 15 + 2 − 4.
        Assert.Equal([12, 13], merged);
    }

    [Fact]
    public void Momenta_are_averaged_with_every_period_th_synchronisation()
    {
        var spec = new DasoSpec { MomentumAtMerge = MomentumAtMerge.Average, MomentumPeriod = 2 };
        Assert.Equal([1, 1, 1, 1], Momenta(spec, [0]));
        Assert.Equal([10, 11, 12, 13], Momenta(spec, [0, 1]));
        Assert.Equal([21, 21, 21, 21], Momenta(spec, [0, 1, 2]));
    }

    [Theory]
    [InlineData(MomentumAtMerge.Keep, false, new float[] { 10, 11, 12, 13 })]
    [InlineData(MomentumAtMerge.Reset, false, new float[] { 0, 0, 0, 0 })]
    // Group 0 sent 0 and 2; its members are at 10 and 12 when they merge: (2·10 + 2)/4 and (2·12 + 2)/4.
    [InlineData(MomentumAtMerge.Average, false, new[] { 5.5f, 5.5f, 6.5f, 6.5f })]
    // Every rank owns a slice; the last is that of local ranks 1, which sent 1 and 3: (2·11 + 4)/4 and (2·13 + 4)/4.
    [InlineData(MomentumAtMerge.Average, true, new[] { 6.5f, 6.5f, 7.5f, 7.5f })]
    public void Momentum_at_a_merge(MomentumAtMerge what, bool isSharded, float[] expected)
    {
        var spec = new DasoSpec { Schedule = s_cyclingOnly, MomentumAtMerge = what, ShardedDuty = isSharded };
        Assert.Equal(expected, Momenta(spec, [0, 1]));
    }

    [Theory]
    [InlineData(MomentumAtMerge.Keep, new float[] { 0, 1, 2, 3 })]
    [InlineData(MomentumAtMerge.Reset, new float[] { 0, 1, 2, 3 })]
    [InlineData(MomentumAtMerge.Average, new float[] { 1, 1, 1, 1 })]
    public void Momentum_at_a_mean(MomentumAtMerge what, float[] expected) =>
        Assert.Equal(expected, Momenta(new DasoSpec { MomentumAtMerge = what }, [0]));

    [Fact]
    public void A_reset_starts_the_optimizers_count_anew()
    {
        var spec = new DasoSpec { Schedule = s_cyclingOnly, MomentumAtMerge = MomentumAtMerge.Reset };
        Assert.All(Collect(spec, 2, 2, training =>
        {
            training.Train(0, 2);
            return training.Optimizer.Steps;
        }), steps => Assert.Equal(0, steps));
    }

    [Theory]
    [InlineData(true, 1, new float[] { 0, 1, 2, 3 })]
    [InlineData(true, 2, new float[] { 1.5f, 1.5f, 1.5f, 1.5f })]
    [InlineData(false, 2, new float[] { 0, 1, 2, 3 })]
    public void Batch_norms_statistics_are_averaged_with_an_epochs_last_batch(bool synchronises, int steps, float[] expected)
    {
        (float Mean, float Variance, long Batches)[] statistics = TestCluster.Collect(2, 2, ranks =>
        {
            var norm = nn.BatchNorm1d(3);
            using var replica = new Replica(new LayeredModel("normed", ("norm", norm)), CPU);
            using IStrategy daso = TinyReplica.Strategy(
                new DasoSpec { SynchroniseBatchNorm = synchronises }, ranks, replica, stepsPerEpoch: 2);
            norm.running_mean!.fill_(ranks.Rank);
            norm.running_var!.fill_(10 * ranks.Rank);
            for (int step = 0; step < steps; step++)
                TinyReplica.Step(daso, replica, 0, step, 0, x => x);
            return (norm.running_mean![2].item<float>(), norm.running_var![0].item<float>(), norm.num_batches_tracked!.item<long>());
        });
        Assert.Equal(expected.Select(mean => (mean, 10 * mean, 0L)), statistics);
    }

    [Theory]
    [InlineData(DasoVariant.Paper, null, 0.95f)]
    [InlineData(DasoVariant.Heat, true, 0.95f)]
    [InlineData(DasoVariant.Paper, false, 1f)]
    [InlineData(DasoVariant.Heat, null, 1f)] // as in the reference's quirks.json
    public void A_master_copy_keeps_small_updates(DasoVariant variant, bool? masterCopy, float expected)
    {
        var spec = new DasoSpec { Schedule = new DasoSettings { Variant = variant }, MasterCopy = masterCopy };
        float[] parameters = TestCluster.Collect(2, 2, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy daso = TinyReplica.Strategy(spec, ranks, replica);
            for (int step = 0; step < 50; step++)
                TinyReplica.Step(daso, replica, 0, step, 0, x => x - 0.001f);
            return replica.Parameters.Host.Span[0];
        });
        Assert.All(parameters, value => Assert.Equal(expected, value, 1e-3f));
    }

    [Fact]
    public void Settings_that_do_not_go_are_named_in_one_line()
    {
        string Message(DasoSpec spec) => Assert.Throws<UserErrorException>(() => TestCluster.Run(1, 1, ranks =>
        {
            using Replica replica = TinyReplica.Create();
            using IStrategy _ = TinyReplica.Strategy(spec, ranks, replica);
        })).Message;

        Assert.Contains("ShardedDuty needs variant Paper", Message(
            new DasoSpec { ShardedDuty = true, Schedule = new DasoSettings { Variant = DasoVariant.Heat } }));
        Assert.Contains("StalenessFactor is -1", Message(new DasoSpec { StalenessFactor = -1 }));
        Assert.Contains("StalenessFactor is NaN", Message(new DasoSpec { StalenessFactor = double.NaN }));
        Assert.Contains("set MomentumAtMerge to Average", Message(new DasoSpec { SquarePeriod = 6 }));
        Assert.Contains("Merge Differences needs variant Paper", Message(
            new DasoSpec { Merge = DasoMerge.Differences, Schedule = new DasoSettings { Variant = DasoVariant.Heat } }));
        Assert.Contains("ChunkElements is 0", Message(new DasoSpec { ChunkElements = 0 }));
    }

    private static T[] Collect<T>(DasoSpec spec, int nodes, int ranksPerNode, Func<TinyRank, T> body) =>
        TestCluster.Collect(nodes, ranksPerNode, ranks =>
        {
            using var training = new TinyRank(spec, ranks, Epochs, StepsPerEpoch);
            return body(training);
        });

    private static float[][] WholeRun(DasoSpec spec, int nodes, int ranksPerNode) => Collect(spec, nodes, ranksPerNode, training =>
    {
        training.Train(0, Epochs * StepsPerEpoch);
        return training.Replica.Parameters.Host.ToArray();
    });

    /// <summary>Each rank's last momentum after some steps of an epoch, before which it is 10·step + rank.</summary>
    private static float[] Momenta(DasoSpec spec, int[] steps) => Collect(spec, 2, 2, training =>
    {
        Span<float> momentum = training.Optimizer.State[0].Values.Host.Span;
        foreach (int step in steps)
        {
            training.Strategy.StepStarted(0, step);
            momentum.Fill((10 * step) + training.Rank);
            training.Strategy.OptimizerStepped();
        }

        return momentum[^1];
    });
}
