namespace Daso.Reporting;

/// <summary>The unit of an axis of times.</summary>
/// <param name="Name">For the axis.</param>
/// <param name="Nanoseconds">In one.</param>
internal readonly record struct TimeUnit(string Name, double Nanoseconds)
{
    private static readonly TimeUnit[] s_units =
        [new("h", 3600e9), new("min", 60e9), new("s", 1e9), new("ms", 1e6), new("µs", 1e3), new("ns", 1)];

    /// <summary>The largest unit in which an axis that ends here counts beyond two.</summary>
    public static TimeUnit For(double maximumNs) => s_units.FirstOrDefault(unit => maximumNs > 2 * unit.Nanoseconds, s_units[^1]);

    /// <summary>So many nanoseconds in this unit.</summary>
    public double Of(double ns) => ns / Nanoseconds;
}
