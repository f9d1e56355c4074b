namespace Daso.Baselines;

/// <summary>
/// Tells whether a norm is far above those before it: an exponentially weighted mean and variance with weight 0.02 for the newest, and a
/// threshold of three deviations, or of more where the last deviations have spread by more than one (atorch, OnlineDynamicEWMA).
/// </summary>
/// <param name="warmup">Values before the first can be told; also the deviations whose spread counts.</param>
internal sealed class NormAnomaly(int warmup)
{
    private const double Alpha = 0.02;
    private const double Threshold = 3;

    private readonly double[] _deviations = new double[warmup];
    private double _mean;
    private double _variance;
    private int _count;

    /// <summary>Whether this norm is out of the past ones' range; it is kept if it is not.</summary>
    internal bool IsFoundIn(double norm)
    {
        if (_count >= warmup && Deviation(norm) > Threshold * Math.Max(1, Spread()))
            return true;
        _count++;
        double before = norm - _mean;
        _mean += Alpha * before;
        _variance = (1 - Alpha) * (_variance + (Alpha * before * (norm - _mean)));
        _deviations[(_count - 1) % warmup] = Deviation(norm);
        return false;
    }

    internal void Save(BinaryWriter writer)
    {
        writer.Write(_count);
        writer.Write(_mean);
        writer.Write(_variance);
        foreach (double deviation in _deviations)
            writer.Write(deviation);
    }

    internal void Load(BinaryReader reader)
    {
        _count = reader.ReadInt32();
        _mean = reader.ReadDouble();
        _variance = reader.ReadDouble();
        for (int i = 0; i < warmup; i++)
            _deviations[i] = reader.ReadDouble();
    }

    private double Deviation(double norm) =>
        _count < Math.Max(2, warmup) || _variance == 0 ? 0 : (norm - _mean) / Math.Sqrt(_variance);

    /// <summary>The unbiased standard deviation of the last deviations; all of them are there after the warm-up.</summary>
    private double Spread()
    {
        double mean = _deviations.Average();
        return Math.Sqrt(_deviations.Sum(one => (one - mean) * (one - mean)) / (warmup - 1));
    }
}
