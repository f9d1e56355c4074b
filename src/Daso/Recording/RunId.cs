using System.Globalization;
using System.Security.Cryptography;

namespace Daso.Recording;

/// <summary>Names a run: when, which suite, from which source, and six random digits.</summary>
/// <param name="StartedUtc">When it began.</param>
/// <param name="Suite">The suite's name.</param>
/// <param name="Source">The source that it was built from.</param>
/// <param name="Suffix">Six hexadecimal digits that tell runs of the same second apart.</param>
internal sealed record RunId(DateTimeOffset StartedUtc, string Suite, SourceRevision Source, string Suffix)
{
    /// <summary>Names a run that starts now.</summary>
    public static RunId New(string suite, SourceRevision source) =>
        new(DateTimeOffset.UtcNow, suite, source, RandomNumberGenerator.GetHexString(6, lowercase: true));

    /// <summary>For example 20250131T081500Z-quickstart-2ac0f74-dirty-1f09ab; also the name of the run's folder.</summary>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{StartedUtc.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{FileNames.Encode(Suite)}-{Source.ShortName}-{Suffix}");
}
