using Daso.CommandLine;

namespace Daso.Tests.CommandLine;

public class PaceTests
{
    [Fact]
    public void It_is_said_once_in_an_interval_what_is_left_of_what_was_left_at_the_start()
    {
        var clock = new Clock();
        var pace = new Pace(TimeSpan.FromMinutes(1), clock);

        Assert.Null(pace.IfDue(50, 100)); // resumed in the middle
        clock.Seconds = 59;
        Assert.Null(pace.IfDue(55, 100));
        clock.Seconds = 60;
        Assert.Equal("60 %, 00:04:00 left", pace.IfDue(60, 100).ToString());
        clock.Seconds = 119;
        Assert.Null(pace.IfDue(70, 100));
        clock.Seconds = 120;
        Pace.Report report = pace.IfDue(81, 100)!.Value;
        Assert.Equal(21.0 / 60, report.PerSecond, 1e-9);
        clock.Seconds = 100_000;
        Assert.Equal("82 %, 16 d 13:30:00 left", Days(new Pace(TimeSpan.FromMinutes(1), clock), clock));
    }

    private static string Days(Pace pace, Clock clock)
    {
        Assert.Null(pace.IfDue(80, 100));
        clock.Seconds += 159_200 - 200;
        return pace.IfDue(82, 100).ToString()!;
    }

    private sealed class Clock : TimeProvider
    {
        public long Seconds { get; set; }

        public override long TimestampFrequency => 1;

        public override long GetTimestamp() => Seconds;
    }
}
