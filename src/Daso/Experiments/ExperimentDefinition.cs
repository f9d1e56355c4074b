using Daso.Data;
using Daso.Models;
using Daso.Objectives;
using Daso.Optimization;
using Daso.Specification;
using Daso.Strategies;
using Daso.Training;

namespace Daso.Experiments;

/// <summary>An experiment class as the generator describes it: everything that its attributes say, and how to make its set-up.</summary>
public sealed class ExperimentDefinition
{
    /// <summary>The suite that it belongs to.</summary>
    public required string Suite { get; init; }

    /// <summary>Its name, unique in the suite.</summary>
    public required string Name { get; init; }

    /// <summary>The class's doc comment, in one line.</summary>
    public required string Summary { get; init; }

    /// <summary>Its parameters, in the order of the class.</summary>
    public required IReadOnlyList<ParameterDefinition> Parameters { get; init; }

    /// <summary>Its strategies, in the order of the attributes; exactly one is the baseline.</summary>
    public required IReadOnlyList<StrategyDefinition> Strategies { get; init; }

    /// <summary>The seeds that it runs with.</summary>
    public required IReadOnlyList<int> Seeds { get; init; }

    /// <summary>Epochs of training; null: it is said in <see cref="Steps"/>.</summary>
    public int? Epochs { get; init; }

    /// <summary>Steps of training; null: it is said in <see cref="Epochs"/>.</summary>
    public int? Steps { get; init; }

    /// <summary>The emulated link between nodes that the experiment asks for, as <c>--link</c> takes it; null: unlimited.</summary>
    public string? Link { get; init; }

    /// <summary>The quality to reach, if any.</summary>
    public TargetQuality? Target { get; init; }

    /// <summary>Shorter and longer forms of it, in the order of the attributes.</summary>
    public IReadOnlyList<TierDefinition> Tiers { get; init; } = [];

    /// <summary>What its strategies' figures are known to be, in the order of the attributes; no part of the specification.</summary>
    public IReadOnlyList<ReferenceDefinition> References { get; init; } = [];

    /// <summary>Words to find it by.</summary>
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>Makes the set-up for one value of every parameter.</summary>
    /// <exception cref="UserErrorException">A text is not a value of its parameter; the message names the option.</exception>
    public required Func<ParameterValues, ExperimentSetup> Create { get; init; }
}

/// <summary>A parameter of an experiment: a property with values to run over, and a command-line option.</summary>
/// <param name="Name">The property's name.</param>
/// <param name="Option">The option without its dashes, for example batch-per-rank.</param>
/// <param name="TypeName">What a user may write: integer, number, text, true/false, or an enum's names joined by |.</param>
/// <param name="Values">The declared values as text, at least one.</param>
/// <param name="Help">The property's doc comment, in one line.</param>
public sealed record ParameterDefinition(string Name, string Option, string TypeName, IReadOnlyList<string> Values, string Help)
{
    /// <summary>Reads the parameter's value and writes it as all texts of that value are written: 8 for 08. Null: each text is a value.</summary>
    public Func<ParameterValues, string>? Normalize { get; init; }

    /// <summary>The one text that stands for all of the same value.</summary>
    /// <exception cref="UserErrorException">It is not a value of the parameter.</exception>
    internal string Normal(string text) =>
        Normalize is null ? text : Normalize(new ParameterValues(new Dictionary<string, string> { [Option] = text }));
}

/// <summary>A strategy of an experiment.</summary>
/// <param name="Name">As in tables and on the command line.</param>
/// <param name="IsBaseline">Whether the others are compared with it.</param>
public sealed record StrategyDefinition(string Name, bool IsBaseline);

/// <summary>A shorter or longer form of an experiment.</summary>
/// <param name="Name">As <c>--tier</c> takes it.</param>
/// <param name="Epochs">Epochs in place of the experiment's own; null: those.</param>
/// <param name="Steps">Steps after which training ends; null: it does not end early.</param>
public sealed record TierDefinition(string Name, int? Epochs, int? Steps)
{
    /// <summary>The parameters that have other values in it.</summary>
    public IReadOnlyList<TierParameter> Parameters { get; init; } = [];
}

/// <summary>A parameter's values in a tier.</summary>
/// <param name="Option">The parameter's option without its dashes.</param>
/// <param name="Values">The values as text, at least one.</param>
public sealed record TierParameter(string Option, IReadOnlyList<string> Values);

/// <summary>What one run of an experiment trains and with what.</summary>
/// <param name="Model">The model.</param>
/// <param name="Data">The data.</param>
/// <param name="Optimizer">The optimizer.</param>
/// <param name="LearningRate">The learning-rate schedule.</param>
/// <param name="Strategies">In the order of <see cref="ExperimentDefinition.Strategies"/>.</param>
public sealed record ExperimentSetup(
    ModelSpec Model,
    DataSpec Data,
    OptimizerSpec Optimizer,
    LearningRateSpec LearningRate,
    IReadOnlyList<StrategySpec> Strategies)
{
    /// <summary>What the model is trained for; <see cref="CrossEntropySpec"/> unless the experiment says otherwise.</summary>
    public ObjectiveSpec Objective { get; init; } = CrossEntropySpec.Default;

    /// <summary>In which format it computes.</summary>
    public PrecisionSpec Precision { get; init; } = PrecisionSpec.Default;

    /// <summary>Checks all settings that can be known before anything starts.</summary>
    /// <exception cref="UserErrorException">A setting out of its range; the message names it.</exception>
    public void Validate()
    {
        Model.Validate();
        Objective.Validate();
        Precision.Validate();
        Data.Validate();
        Optimizer.Validate();
        LearningRate.Validate();
        foreach (StrategySpec strategy in Strategies)
            strategy.Validate();
    }
}
