namespace Daso.Analysis;

/// <summary>Garbage collections that stopped a process during timed steps, each counted in its oldest generation.</summary>
/// <param name="Gen0">Of the youngest objects.</param>
/// <param name="Gen1">Of the middle ones.</param>
/// <param name="Gen2">Of all.</param>
internal sealed record Collections(double Gen0, double Gen1, double Gen2)
{
    /// <summary>All of them.</summary>
    public double Total => Gen0 + Gen1 + Gen2;

    /// <summary>Of the process with the most. Ranks of one process saw the same collections: they are not added up.</summary>
    internal static Collections OfProcesses(IReadOnlyList<Collections> ranks) =>
        new(ranks.Max(rank => rank.Gen0), ranks.Max(rank => rank.Gen1), ranks.Max(rank => rank.Gen2));

    /// <summary>Over several trainings.</summary>
    internal static Collections Sum(IReadOnlyList<Collections> all) =>
        new(all.Sum(one => one.Gen0), all.Sum(one => one.Gen1), all.Sum(one => one.Gen2));
}
