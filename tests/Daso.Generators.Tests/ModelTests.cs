using System.Collections;
using System.Reflection;
using Daso.Generators.Model;
using Microsoft.CodeAnalysis;

namespace Daso.Generators.Tests;

/// <summary>The model of an experiment compares by content and holds nothing of the compiler.</summary>
public sealed class ModelTests
{
    [Fact]
    public void Tracked_values_hold_no_symbol_syntax_or_compilation()
    {
        GeneratorRunResult result = Host.Generate(Host.Compile(Samples.Rich, Samples.Small("A", "a"))).Results.Single();
        object[] values = [.. TrackedValues(result, StepNames.Experiments), .. TrackedValues(result, StepNames.Registry)];

        Assert.Equal(3, values.Length);
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        foreach (object value in values)
            Walk(value, seen);
        Assert.Contains(seen, o => o is ParameterSpec);
    }

    [Fact]
    public void Specifications_of_two_compilations_are_equal()
    {
        object[] first = TrackedValues(Host.Generate(Host.Compile(Samples.Rich)).Results.Single(), StepNames.Experiments);
        object[] second = TrackedValues(Host.Generate(Host.Compile(Samples.Rich)).Results.Single(), StepNames.Experiments);

        Assert.NotSame(first[0], second[0]);
        Assert.Equal(first[0], second[0]);
        Assert.Equal(first[0].GetHashCode(), second[0].GetHashCode());
    }

    private static object[] TrackedValues(GeneratorRunResult result, string step) =>
        [.. result.TrackedSteps[step].SelectMany(s => s.Outputs).Select(o => o.Value)];

    private static void Walk(object? value, HashSet<object> seen)
    {
        if (value is null || !seen.Add(value))
            return;

        Type type = value.GetType();
        bool ofCompiler = value is ISymbol or SyntaxNode or SyntaxTree or Compilation or SemanticModel or Location or AttributeData;
        Assert.False(ofCompiler, $"{type}");
        Assert.False(type.Namespace!.StartsWith("Microsoft.CodeAnalysis", StringComparison.Ordinal), $"{type}");
        if (type.IsPrimitive || value is string or Enum)
            return;

        if (value is IEnumerable items)
        {
            foreach (object? item in items)
                Walk(item, seen);
        }

        foreach (FieldInfo field in type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic))
            Walk(field.GetValue(value), seen);
    }
}
