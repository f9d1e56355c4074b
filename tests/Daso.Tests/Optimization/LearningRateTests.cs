using Daso.Optimization;

namespace Daso.Tests.Optimization;

public sealed class LearningRateTests
{
    private static readonly WarmupPlateauSpec Plateau = new()
    {
        BaseRate = 0.1,
        ScaleWithRanks = true,
        WarmupEpochs = 2,
        Factor = 0.5,
        Patience = 1,
        Threshold = 0.05,
        MinimumRate = 0.15,
    };

    [Fact]
    public void The_warm_up_rises_by_equal_steps_to_the_scaled_rate()
    {
        ILearningRate rate = Plateau.Create(ranks: 4, stepsPerEpoch: 5);

        Assert.Equal(0.04, rate.At(0), 12);
        Assert.Equal(0.08, rate.At(1), 12);
        Assert.Equal(0.4, rate.At(9), 12);
        Assert.Equal(0.4, rate.At(1000), 12);
    }

    [Fact]
    public void A_plateau_halves_the_rate_down_to_the_floor()
    {
        ILearningRate rate = Plateau.Create(4, 5);
        double[] expected = [0.4, 0.4, 0.4, 0.4, 0.2, 0.2, 0.15, 0.15, 0.15];
        // two epochs of warm-up are not judged; then the best, one bad one that is borne, one more: a plateau
        foreach (double wanted in expected)
        {
            rate.EpochEnded(1);
            Assert.Equal(wanted, rate.At(1000), 12);
        }
    }

    [Fact]
    public void A_floor_above_the_rate_does_not_raise_it()
    {
        ILearningRate rate = (Plateau with { MinimumRate = 9, WarmupEpochs = 0, Patience = 0 }).Create(1, 5);

        rate.EpochEnded(1);
        rate.EpochEnded(1);

        Assert.Equal(0.1, rate.At(0), 12);
    }

    [Fact]
    public void A_saved_schedule_goes_on_as_the_first()
    {
        ILearningRate whole = Plateau.Create(4, 5), resumed = Plateau.Create(4, 5);
        for (int epoch = 0; epoch < 4; epoch++)
            whole.EpochEnded(1);
        var stream = new MemoryStream();
        whole.Save(new BinaryWriter(stream));
        stream.Position = 0;
        resumed.Load(new BinaryReader(stream));
        for (int epoch = 0; epoch < 4; epoch++)
        {
            whole.EpochEnded(1);
            resumed.EpochEnded(1);
            Assert.Equal(whole.At(100), resumed.At(100));
        }

        Assert.Equal(0.15, resumed.At(100), 12);
    }

    [Fact]
    public void The_cosine_goes_from_the_base_rate_to_the_minimum()
    {
        ILearningRate rate = new WarmupCosineSpec { BaseRate = 1, WarmupEpochs = 1, TotalEpochs = 3, MinimumRate = 0.2 }.Create(8, 10);

        Assert.Equal(0.1, rate.At(0), 12);
        Assert.Equal(1, rate.At(9), 12);
        Assert.Equal(1, rate.At(10), 12);
        Assert.Equal(0.6, rate.At(20), 12);
        Assert.Equal(0.2, rate.At(30), 12);
        Assert.Equal(0.2, rate.At(99), 12);
    }

    [Fact]
    public void A_constant_rate_is_constant() => Assert.Equal(0.3, new ConstantRateSpec(0.3).Create(8, 10).At(123));

    [Fact]
    public void Settings_out_of_range_are_the_users_mistake()
    {
        Assert.Throws<UserErrorException>(() => new ConstantRateSpec(0).Create(1, 1));
        Assert.Throws<UserErrorException>(() => (Plateau with { Factor = 1 }).Create(1, 1));
        Assert.Throws<UserErrorException>(() => (Plateau with { WarmupEpochs = double.NaN }).Create(1, 1));
        Assert.Throws<UserErrorException>(() => new WarmupCosineSpec { BaseRate = 1, WarmupEpochs = 2, TotalEpochs = 2 }.Create(1, 1));
    }
}
