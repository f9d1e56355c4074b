using Daso.Generators.Diagnostics;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Parsing;

/// <summary>The strategies of an experiment.</summary>
internal static class StrategyParser
{
    public static EquatableArray<StrategyEntry> Parse(ExperimentScope scope)
    {
        AttributeData[] attributes = [.. Attributes.All(scope.Type, KnownNames.Strategy)];
        if (attributes.Length == 0)
        {
            scope.Require(KnownNames.Strategy, "[Strategy(\"ddp\", nameof(…), Baseline = true)] and one for each other strategy");
            return default;
        }

        var strategies = new List<StrategyEntry>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (AttributeData attribute in attributes)
        {
            if (scope.Text(attribute, 0) is not { } name)
                continue;

            Location? Place() => Attributes.PlaceOf(attribute, 0, scope.Cancellation);
            Names.Check(scope.Mistakes, name, "a strategy", Place);
            if (!names.Add(name))
                scope.Mistakes.Add(Rules.DuplicateStrategy, Place(), scope.Type.Name, name);
            if (MemberParser.Parse(scope, attribute, 1, KnownNames.StrategySpec) is { } member)
                strategies.Add(new StrategyEntry(name, IsBaseline(attribute), member));
        }

        CheckBaseline(scope, attributes);
        return new([.. strategies]);
    }

    private static void CheckBaseline(ExperimentScope scope, AttributeData[] attributes)
    {
        AttributeData[] baselines = [.. attributes.Where(IsBaseline)];
        if (baselines.Length == 0)
            scope.Mistakes.Add(Rules.NotOneBaseline, scope.ClassName, scope.Type.Name, "no");
        foreach (AttributeData extra in baselines.Skip(1))
        {
            Location? place = Attributes.PlaceOf(extra, "Baseline", scope.Cancellation);
            scope.Mistakes.Add(Rules.NotOneBaseline, place, scope.Type.Name, baselines.Length);
        }
    }

    /// <summary>Whether a [Strategy] says that it is the baseline.</summary>
    public static bool IsBaseline(AttributeData attribute) => Attributes.Named(attribute, "Baseline")?.Value is true;
}
