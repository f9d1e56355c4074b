using Daso.Models;
using Daso.Recording;
using Daso.Tests.Cluster;
using Daso.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Tests.Training;

public class LossScalerTests
{
    [Fact]
    public void A_step_that_one_rank_cannot_make_is_skipped_by_all_with_half_the_scale() => TestCluster.Run(1, 2, ranks =>
    {
        using Replica replica = Line();
        LossScaler scaler = Scaler(ranks.World, replica);
        replica.Gradients.Host.Span.Fill(ranks.Rank == 1 ? float.PositiveInfinity : 3);

        Assert.False(scaler.Unscale());

        Assert.Equal(32_768, scaler.Scale);
        Assert.All(replica.Gradients.Host.ToArray(), gradient => Assert.Equal(0, gradient));
    });

    [Fact]
    public void Gradients_of_a_scaled_loss_are_those_of_the_loss_to_the_bit() => TestCluster.Run(1, 1, ranks =>
    {
        float[][] gradients = [.. new[] { false, true }.Select(isScaled =>
        {
            using DisposeScope scope = NewDisposeScope();
            using Replica replica = Line();
            LossScaler scaler = Scaler(ranks.World, replica);
            if (isScaled)
                scaler.Arm();
            replica.Model.Backward(replica.Model.forward(linspace(-1, 1, 12).view(4, 3)).square().mean());
            Assert.True(!isScaled || scaler.Unscale());
            return replica.Gradients.Host.ToArray();
        })];

        Assert.Contains(gradients[0], gradient => gradient != 0);
        Assert.Equal(gradients[0], gradients[1]);
    });

    [Fact]
    public void The_scale_doubles_after_2000_good_steps_in_a_row_and_is_saved() => TestCluster.Run(1, 1, ranks =>
    {
        using Replica replica = Line();
        LossScaler scaler = Scaler(ranks.World, replica);
        for (int step = 0; step < 1999; step++)
            scaler.Unscale();
        Assert.Equal(65_536, scaler.Scale);
        using var saved = new MemoryStream();
        using (var writer = new BinaryWriter(saved, System.Text.Encoding.UTF8, leaveOpen: true))
            scaler.Save(writer);
        saved.Position = 0;

        LossScaler resumed = Scaler(ranks.World, replica);
        resumed.Load(new BinaryReader(saved));
        resumed.Unscale();

        Assert.Equal(131_072, resumed.Scale);
    });

    private static Replica Line()
    {
        var replica = new Replica(new LayeredModel("line", ("only", nn.Linear(3, 2))), CPU);
        replica.Parameters.Host.Span.Fill(0.7f);
        return replica;
    }

    private static LossScaler Scaler(Daso.Communication.ICommunicator world, Replica replica) =>
        new(world, replica, new StepTimer(NullRecorder.Instance));
}
