using Daso.Baselines;
using Daso.Prediction;
using Daso.Prediction.Calibrating;
using Daso.Strategies;

namespace Daso.Tests.Prediction;

public class CalibratorTests
{
    private static readonly WorkloadSpec s_workload = new()
    {
        Name = "small",
        Gradients = [new(300_000, 0.2), new(200_000, 0.6), new(200_000, 1)],
        ForwardNs = 8e6,
        BackwardNs = 14e6,
        OptimizerNs = 5e5,
        OtherNs = 5e5,
    };

    private static readonly SystemSpec s_machine = new()
    {
        Name = "embedded cluster",
        Nodes = 2,
        RanksPerNode = 2,
        IntraNode = new LinkModel(0, 1e15),
        InterNode = new LinkModel(0, 1e15),
        IsInProcess = true,
        SharedCores = 2,
        CopyBytesPerSecond = 5e9,
        ReduceNsPerByte = 0.7,
        OverheadNs = 250_000,
    };

    [Fact]
    public void WhatMadeTheMeasurementsIsFoundAgainAndPredictsOtherLinks()
    {
        MeasuredCell[] fitted = [.. Cells(1e8), .. Cells(5e8), .. Cells(2e9)];
        MeasuredCell[] others = [.. Cells(2.5e8), .. Cells(1e9)];

        Calibration calibration = Calibrator.Fit(fitted);

        Assert.Equal(s_machine.ReduceNsPerByte, calibration.System.ReduceNsPerByte, 0.1);
        Assert.Equal(s_workload.ForwardNs, Assert.Single(calibration.Workloads).ForwardNs, 3);
        Assert.All(others, cell => Assert.Equal(1, Calibrator.Predict(calibration, cell).StepNs / cell.StepNs, 0.02));
    }

    [Fact]
    public void CellsOfDifferentClustersAreRefused()
    {
        MeasuredCell[] cells = Cells(1e9);

        UserErrorException error = Assert.Throws<UserErrorException>(() => Calibrator.Fit(
            [cells[0], cells[1] with { Run = "b", System = cells[1].System with { Nodes = 4 } }]));

        Assert.StartsWith("b: another cluster", error.Message, StringComparison.Ordinal);
    }

    /// <summary>What a buffer on the way lets through at once costs latency only.</summary>
    [Theory]
    [InlineData(0, 1 << 20, 16 << 20)]
    [InlineData(100 << 10, 1 << 10, 8 << 10, 64 << 10, 1 << 20, 16 << 20)]
    public void ALinkIsFoundFromAllReduces(int buffered, params int[] sizes)
    {
        SystemSpec system = s_machine with
        {
            IsInProcess = false,
            InterNode = new LinkModel(40_000, 110e6),
            ReduceNsPerByte = 0,
            OverheadNs = 0,
        };
        string folder = Directory.CreateTempSubdirectory("daso-preflight").FullName;
        try
        {
            // A node's global groups work at once and share its link.
            IEnumerable<string> rows = sizes.SelectMany(bytes => new[] { ("world", 1), ("global", system.RanksPerNode) }.Select(group =>
            {
                (string name, int concurrent) = group;
                double sent = bytes <= buffered ? 0 : bytes * concurrent;
                double ns = CollectiveCost.AllReduce(CollectiveAlgorithm.Bound, sent, GroupShape.Global(system), system).TotalNs;
                return FormattableString.Invariant($$"""
                    { "group": "{{name}}", "concurrentGroups": {{concurrent}}, "collective": "all-reduce", "implementation": "daso",
                      "bytes": {{bytes}}, "medianNs": {{(long)ns}} }
                    """);
            }));
            File.WriteAllText(Path.Combine(folder, "preflight.json"), $$"""{ "measurements": [ {{string.Join(",", rows)}} ] }""");

            LinkModel link = PreflightReading.Link(folder, system, CollectiveAlgorithm.Bound)!;

            Assert.Equal(1, link.BytesPerSecond / 110e6, buffered == 0 ? 1e-4 : 2e-3);
            Assert.Equal(1, link.LatencyNs / 40_000, buffered == 0 ? 1e-3 : 0.15);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Four strategies as the machine itself would run them on a link of so many bit/s.</summary>
    private static MeasuredCell[] Cells(double bitsPerSecond)
    {
        SystemSpec machine = s_machine with { InterNode = new LinkModel(50_000, bitsPerSecond / 8) };
        var length = new TrainingLength(3, 12);
        var scope = new ProgramScope(s_workload.Elements, s_machine.RanksPerNode);
        var daso = new DasoSpec { Schedule = new DasoSettings { WarmupEpochs = 1, CooldownEpochs = 1 } };
        (string Name, StrategySpec Spec)[] specs =
            [("ddp", new DdpSpec()), ("horovod", new HorovodSpec()), ("daso", daso), ("none", new NoCommunicationSpec())];
        ModelledStrategy[] strategies =
        [
            .. specs.Select(one => new ModelledStrategy(
                one.Name, one.Spec.TrainingProgram(scope, [1, 0.5, 0.25], length.StepsPerEpoch)!, CommunicationModel.Of(s_machine))),
        ];
        return [.. strategies.Select(strategy => new MeasuredCell
        {
            Run = "a",
            Experiment = s_workload.Name,
            Strategy = strategy.Name,
            System = machine with { CopyBytesPerSecond = null, ReduceNsPerByte = 0, OverheadNs = 0 },
            Model = strategy,
            Length = length,
            Gradients = s_workload.Gradients,
            StepNs = StepSimulation.Run(machine, s_workload, strategy, length).StepNs,
            Phases = new PhaseTimes(
                2 * s_workload.ForwardNs,
                2 * s_workload.BackwardNs,
                2 * s_workload.OptimizerNs,
                2 * s_workload.OtherNs,
                strategy.Name == "daso" ? s_workload.Elements * 4 / 5e9 * 1e9 : null,
                0,
                0),
            Link = "",
        })];
    }
}
