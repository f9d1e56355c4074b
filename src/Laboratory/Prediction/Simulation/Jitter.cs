using Daso.Data;

namespace Daso.Prediction.Simulation;

/// <summary>Factors of the ranks' computing times: normally distributed about 1, from a seed.</summary>
internal sealed class Jitter
{
    // Deviations are below a half (SystemSpec.Validate); what would still come near 0 or below is cut off.
    private const double Smallest = 0.05;

    private readonly double _perStep;
    private readonly double[] _ofRank;
    private readonly SeededRandom[] _random;

    internal Jitter(SystemSpec system, int seed)
    {
        _perStep = system.JitterPerStep;
        _random = new SeededRandom[system.Ranks];
        _ofRank = new double[system.Ranks];
        for (int rank = 0; rank < _random.Length; rank++)
        {
            _random[rank] = new SeededRandom(seed, rank);
            _ofRank[rank] = 1 + (system.JitterPerRank * Normal(ref _random[rank]));
        }
    }

    /// <summary>The factor of a rank's next step.</summary>
    internal double Next(int rank) =>
        Math.Max(Smallest, _ofRank[rank] + (_perStep == 0 ? 0 : _perStep * Normal(ref _random[rank])));

    /// <summary>A standard normal number (Box and Muller, 1958).</summary>
    private static double Normal(ref SeededRandom random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
