using Daso.Analysis;
using Daso.Reporting;

namespace Daso.Tests.Reporting;

public class BreakdownPlotTests
{
    [Fact]
    public void Every_part_of_a_step_has_a_colour() =>
        Assert.Equal(StepBreakdown.Mean([]).Parts().Select(part => part.Name), BreakdownPlot.Parts);
}
