using Daso.Models;
using Daso.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Models;

public sealed class SegmentationNetworkTests
{
    public static TheoryData<string> Networks => [.. s_networks.Keys];

    private static readonly Dictionary<string, ModelSpec> s_networks = new()
    {
        ["deepLabv3"] = new DeepLabSpec { Depth = 50, Classes = 3 },
        ["deepLabv3+"] = new DeepLabSpec { Depth = 50, Classes = 3, Version = DeepLabVersion.V3Plus, OutputStride = 16 },
        ["hrnet"] = new HrNetSpec { Classes = 3, Width = 16 },
        ["hrnet without regions"] = new HrNetSpec { Classes = 3, Width = 16, ObjectContext = false },
    };

    /// <summary>What goes past parts must not make a part's gradients look complete too early.</summary>
    [Theory]
    [MemberData(nameof(Networks))]
    public void Gradients_are_final_when_their_part_is_reported(string network)
    {
        using DisposeScope scope = NewDisposeScope();
        using var replica = new Replica(s_networks[network].Build(1), CPU);
        var snapshots = new Sums(replica);
        replica.Model.Observer = snapshots;
        var objective = new SegmentationSpec { Classes = 3 };

        Tensor outputs = replica.Model.forward(Input());
        replica.Model.Backward(objective.Loss(outputs, zeros(2, 32, 32, ScalarType.Int64)));

        Assert.Equal([2, network == "hrnet without regions" ? 3 : 6, 32, 32], outputs.shape);
        Assert.Equal(replica.PartRanges.Length - 1, snapshots.Taken.Count);
        Assert.All(snapshots.Taken, taken => Assert.Equal(Sums.Of(replica, taken.Part), taken.Sum));
        Assert.All(replica.Model.parameters(), parameter => Assert.True(parameter.grad!.isfinite().all().item<bool>()));
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Evaluation_gives_the_main_logits_and_leaves_nothing_behind(string network)
    {
        using LayeredModel model = s_networks[network].Build(1);
        model.eval();
        using var _ = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor input = Input();
        int before = scope.DisposablesCount;

        Tensor outputs = model.forward(input);

        Assert.Equal([2, 3, 32, 32], outputs.shape);
        Assert.Equal(1, scope.DisposablesCount - before);
    }

    [Theory]
    [MemberData(nameof(Networks))]
    public void Steps_leave_no_tensor_behind(string network)
    {
        using var replica = new Replica(s_networks[network].Build(1), CPU);
        replica.Model.Observer = new Sums(replica);
        var objective = new SegmentationSpec { Classes = 3 };
        long live = 0;
        for (int step = 0; step < 2; step++)
        {
            using (NewDisposeScope())
                replica.Model.Backward(objective.Loss(replica.Model.forward(Input()), zeros(2, 32, 32, ScalarType.Int64)));
            if (step == 0)
                live = DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount;
        }

        Assert.Equal(live, DisposeScopeManager.Statistics.TensorStatistics.ThreadTotalLiveCount);
    }

    private static Tensor Input()
    {
        using var generator = new Generator(9, CPU);
        return empty(2, 3, 32, 32).normal_(0, 1, generator);
    }

    private sealed class Sums(Replica replica) : IBackwardObserver
    {
        internal List<(int Part, double Sum)> Taken { get; } = [];

        public void PartReady(int part) => Taken.Add((part, Of(replica, part)));

        internal static double Of(Replica replica, int part)
        {
            double sum = 0;
            foreach (float value in replica.Gradients.Host.Span[replica.PartRanges[part].Offset..])
                sum += Math.Abs(value);
            return sum;
        }
    }
}
