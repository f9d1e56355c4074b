using Microsoft.CodeAnalysis;

namespace Daso.Generators.Diagnostics;

/// <summary>
/// Takes what is wrong with one experiment or one specification. The analyzer reports it; the generator, which must not hold on to locations, only asks
/// whether there is anything.
/// </summary>
/// <param name="report">Gets each mistake; null to count only.</param>
internal sealed class Mistakes(Action<Diagnostic>? report)
{
    public bool Any { get; private set; }

    public void Add(DiagnosticDescriptor rule, Location? location, params object[] arguments)
    {
        Any = true;
        report?.Invoke(Diagnostic.Create(rule, location, arguments));
    }

    /// <summary>Something that does not compile; the compiler has said so already.</summary>
    public void LeaveToCompiler() => Any = true;
}
