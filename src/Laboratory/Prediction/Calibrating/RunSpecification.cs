using System.Text.Json.Nodes;
using Daso.Models;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Prediction.Calibrating;

/// <summary>Reads a run's models and strategies back from its specification.</summary>
internal static class RunSpecification
{
    private static readonly IReadOnlyList<SpecificationKind> s_kinds = [.. SpecificationKinds.All, .. Baselines.SpecificationKinds.All];

    /// <summary>A model of this project; null: another.</summary>
    internal static ModelSpec? Model(JsonObject model) => SpecificationReader.Read<ModelSpec>(model, s_kinds);

    /// <summary>A strategy of this project; null: another.</summary>
    internal static StrategySpec? Strategy(JsonObject strategy) => SpecificationReader.Read<StrategySpec>(strategy, s_kinds);
}
