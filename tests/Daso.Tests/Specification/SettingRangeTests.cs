using Daso.Communication;
using Daso.Data;
using Daso.Models;
using Daso.Optimization;
using Daso.Strategies;

namespace Daso.Tests.Specification;

/// <summary>A setting out of its range is named with its value, its range and its meaning.</summary>
public sealed class SettingRangeTests
{
    [Fact]
    public void Message_names_record_setting_value_range_and_meaning()
    {
        Says("SgdSpec: Momentum is 1; it must be at least 0 and below 1 (m, from 0 to below 1)", () => new SgdSpec(1, 0).Validate());
        Says("ResNetSpec: Depth is 19; it must be one of 18, 34, 50, 101, 152 (18, 34, 50, 101 or 152 layers)", () => new ResNetSpec { Depth = 19, Classes = 1 }.Validate());
        Says("DasoSettings: Patience is -1; it must be at least 0", () => new DasoSpec { Schedule = new() { Patience = -1 } }.Validate());
        Says(
            "DasoSpec: MomentumAtMerge is 9; it must be one of Keep, Average, Reset",
            () => new DasoSpec { MomentumAtMerge = (MomentumAtMerge)9 }.Validate());
        Says("SyntheticImages: SamplesPerEpoch is 0; it must be at least 1", () => new SyntheticImages { BatchPerRank = 1, SamplesPerEpoch = 0 }.Validate());
    }

    /// <summary>JSON has no such numbers.</summary>
    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Number_that_is_not_finite_is_out_of_every_range(double value)
    {
        Assert.Throws<UserErrorException>(() => new SgdSpec(0, value).Validate());
        Assert.Throws<UserErrorException>(() => new LinkSpec(value, 0).Validate());
        Assert.Throws<UserErrorException>(() => new IdxImages { Folder = "", BatchPerRank = 1, Mean = value }.Validate());
        Assert.Throws<UserErrorException>(() => new WarmupCosineSpec { BaseRate = 1, TotalEpochs = value }.Validate());
        Assert.Throws<UserErrorException>(() => new DasoSpec { StalenessFactor = value }.Validate());
    }

    private static void Says(string start, Action check) =>
        Assert.StartsWith(start, Assert.Throws<UserErrorException>(check).Message, StringComparison.Ordinal);
}
