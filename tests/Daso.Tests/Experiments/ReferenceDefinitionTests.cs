using Daso.Experiments;

namespace Daso.Tests.Experiments;

/// <summary>What a reference takes for right.</summary>
public class ReferenceDefinitionTests
{
    private static readonly ReferenceDefinition s_step = new("laptop", "daso", "step-time", 10, -0.1, 0.2, "ms", null);

    [Theory]
    [InlineData(8.9e6, false)]
    [InlineData(9.1e6, true)]
    [InlineData(11.9e6, true)]
    [InlineData(12.1e6, false)]
    [InlineData(double.NaN, false)]
    public void Bounds_are_shares_of_the_value_in_its_unit(double stepNs, bool holds) => Assert.Equal(holds, s_step.Holds(stepNs));

    [Fact]
    public void A_bound_that_is_not_set_takes_anything()
    {
        Assert.True((s_step with { Lower = null }).Holds(0));
        Assert.True((s_step with { Upper = null }).Holds(1e18));
    }

    [Fact]
    public void Figures_are_turned_into_the_unit_of_the_reference()
    {
        Assert.Equal(2, (s_step with { Unit = "min" }).InUnit(120e9));
        Assert.Equal(1.5, (s_step with { Metric = "bytes-per-step", Unit = "MB" }).InUnit(1.5e6));
        Assert.Equal(0.75, (s_step with { Metric = "relative-training", Unit = "1" }).InUnit(0.75));
    }
}
