using Daso.Communication;
using Daso.Communication.InProcess;

namespace Daso.Tests.Communication.InProcess;

public class SharedStopAgreementTests
{
    private const int Ranks = 4;

    [Fact]
    public void All_stop_at_the_first_place_that_none_has_passed()
    {
        var agreement = new SharedStopAgreement(Ranks);
        Assert.False(agreement.StopsAt(0, new StopPlace(0, 7)));
        Assert.False(agreement.StopsAt(1, new StopPlace(0, 9)));
        agreement.Request();
        agreement.Request();

        Assert.False(agreement.StopsAt(2, new StopPlace(0, 9)));
        Assert.True(agreement.StopsAt(1, new StopPlace(0, 10)));
        Assert.False(agreement.StopsAt(0, new StopPlace(0, 8)));
        // The training ended at step 9 for all: the next place is before the next one.
        Assert.True(agreement.StopsAt(0, new StopPlace(1, 0)));
    }

    [Fact]
    public void Before_the_first_training_they_stop_at_once()
    {
        var agreement = new SharedStopAgreement(Ranks);
        agreement.Request();
        Assert.True(agreement.StopsAt(0, new StopPlace(0, 0)));
    }

    [Fact]
    public void Threads_that_run_on_stop_together_whenever_it_is_asked_for()
    {
        for (int attempt = 0; attempt < 50; attempt++)
        {
            var agreement = new SharedStopAgreement(Ranks);
            int[] stops = new int[Ranks];
            Thread[] threads = [.. Enumerable.Range(0, Ranks).Select(rank => new Thread(() =>
            {
                int step = 0;
                while (!agreement.StopsAt(rank, new StopPlace(0, step)))
                    step++;
                stops[rank] = step;
            }))];
            foreach (Thread thread in threads)
                thread.Start();
            Thread.Yield();
            agreement.Request();
            foreach (Thread thread in threads)
                thread.Join();
            Assert.All(stops, stop => Assert.Equal(stops[0], stop));
        }
    }
}
