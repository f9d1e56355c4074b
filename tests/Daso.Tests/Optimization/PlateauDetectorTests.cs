using CsCheck;
using Daso.Optimization;

namespace Daso.Tests.Optimization;

public sealed class PlateauDetectorTests
{
    [Fact]
    public void Follows_a_hand_computed_history()
    {
        var detector = new PlateauDetector(0.05, 2);
        // best 1 → 0.95 is no improvement (a tie) → 0.94 is → three bad ones are a plateau, and again
        (double Value, bool Plateau, int Bad, float Best)[] history =
        [
            (1, false, 0, 1), (0.95, false, 1, 1), (0.94, false, 0, 0.94f), (0.94, false, 1, 0.94f), (2, false, 2, 0.94f),
            (0.93, true, 0, 0.94f), (0.93, false, 1, 0.94f), (double.NaN, false, 2, 0.94f), (double.NaN, true, 0, 0.94f),
            (0.5, false, 0, 0.5f),
        ];
        foreach ((double value, bool plateau, int bad, float best) in history)
        {
            Assert.Equal(plateau, detector.Observe(value));
            Assert.Equal(bad, detector.BadEpochs);
            Assert.Equal(best, detector.Best);
        }
    }

    [Fact]
    public void A_negative_best_has_to_be_undercut_too()
    {
        var detector = new PlateauDetector(0.1, 0);

        Assert.False(detector.Observe(-1));
        Assert.True(detector.Observe(-1.05)); // above −1.1
        Assert.False(detector.Observe(-1.2));
        Assert.Equal(-1.2f, detector.Best);
    }

    [Fact]
    public void A_tie_in_float32_is_no_improvement() // 1.5·(1 − 0.2) is above 1.2 in double; the reference's trace "wavy" counts it as bad
    {
        var detector = new PlateauDetector(0.2, 2);
        detector.Observe(1.5);

        detector.Observe(1.2);

        Assert.Equal(1, detector.BadEpochs);
    }

    [Fact]
    public void A_saved_detector_goes_on_as_the_first() => Gen.Select(Gen.Double[-2, 2].Array[1, 30], Gen.Int[0, 29]).Sample((values, cut) =>
    {
        var whole = new PlateauDetector(0.05, 1);
        var resumed = new PlateauDetector(0.05, 1);
        for (int i = 0; i < values.Length; i++)
        {
            if (i == cut)
                resumed = Reloaded(resumed);
            Assert.Equal(whole.Observe(values[i]), resumed.Observe(values[i]));
        }
    });

    private static PlateauDetector Reloaded(PlateauDetector detector)
    {
        var stream = new MemoryStream();
        detector.Save(new BinaryWriter(stream));
        stream.Position = 0;
        var loaded = new PlateauDetector(0.05, 1);
        loaded.Load(new BinaryReader(stream));
        return loaded;
    }
}
