namespace Daso.Generators;

/// <summary>Names of the pipelines' steps, by which tests see what a change re-computes.</summary>
internal static class StepNames
{
    public const string Inputs = nameof(Inputs);
    public const string Experiments = nameof(Experiments);
    public const string Registry = nameof(Registry);
    public const string Specifications = nameof(Specifications);
    public const string Kinds = nameof(Kinds);
}
