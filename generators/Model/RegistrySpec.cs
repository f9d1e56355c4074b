namespace Daso.Generators.Model;

/// <summary>What the registry says: nothing that changes when only the inside of an experiment does.</summary>
/// <param name="Classes">Names of the experiment classes with their namespaces, in the registry's order.</param>
internal sealed record RegistrySpec(EquatableArray<string> Classes)
{
    /// <summary>Orders by suite, then by name, then by class, all ordinally: whatever the order of the files and the culture.</summary>
    public static RegistrySpec Of(IEnumerable<ExperimentSpec> experiments)
    {
        IEnumerable<ExperimentSpec> ordered = experiments
            .OrderBy(e => e.Suite, StringComparer.Ordinal)
            .ThenBy(e => e.Name, StringComparer.Ordinal)
            .ThenBy(e => e.FullName, StringComparer.Ordinal);
        return new RegistrySpec(new EquatableArray<string>([.. ordered.Select(e => e.FullName)]));
    }
}
