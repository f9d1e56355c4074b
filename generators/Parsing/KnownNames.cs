namespace Daso.Generators.Parsing;

/// <summary>Names of the library that the generator knows.</summary>
internal static class KnownNames
{
    public const string AttributeNamespace = "Daso.Experiments";
    public const string Experiment = "ExperimentAttribute";
    public const string Params = "ParamsAttribute";
    public const string ParamsSource = "ParamsSourceAttribute";
    public const string Model = "ModelAttribute";
    public const string Data = "DataAttribute";
    public const string Optimizer = "OptimizerAttribute";
    public const string LearningRate = "LearningRateAttribute";
    public const string Objective = "ObjectiveAttribute";
    public const string Precision = "PrecisionAttribute";
    public const string Strategy = "StrategyAttribute";
    public const string Seeds = "SeedsAttribute";
    public const string Epochs = "EpochsAttribute";
    public const string Steps = "StepsAttribute";
    public const string Target = "TargetAttribute";
    public const string Link = "LinkAttribute";
    public const string Tier = "TierAttribute";
    public const string TierParams = "TierParamsAttribute";
    public const string Reference = "ReferenceAttribute";
    public const string Tags = "TagsAttribute";

    public const string SpecificationNamespace = "Daso.Specification";
    public const string Specification = "SpecificationAttribute";
    public const string AtLeast = "AtLeastAttribute";
    public const string Above = "AboveAttribute";
    public const string AtMost = "AtMostAttribute";
    public const string Below = "BelowAttribute";
    public const string OneOf = "OneOfAttribute";
    public const string NotInHash = "NotInHashAttribute";
    public const string DescribedBy = "DescribedByAttribute";
    public const string NullAs = "NullAsAttribute";
    public const string OmittedWhen = "OmittedWhenAttribute";

    public const string SpecificationMetadataName = SpecificationNamespace + "." + Specification;
    public const string SpecificationInterface = SpecificationNamespace + ".ISpecification";
    public const string Kinds = "SpecificationKinds";
    public const string Describe = "Describe";
    public const string Validate = "Validate";
    public const string Read = "Read";
    public const string ExperimentMetadataName = AttributeNamespace + "." + Experiment;
    public const string DefinitionMetadataName = AttributeNamespace + ".ExperimentDefinition";
    public const string Registry = "SuiteRegistry";
    public const string Definition = "Definition";
    public const string ModelSpec = "Daso.Models.ModelSpec";
    public const string DataSpec = "Daso.Data.DataSpec";
    public const string OptimizerSpec = "Daso.Optimization.OptimizerSpec";
    public const string LearningRateSpec = "Daso.Optimization.LearningRateSpec";
    public const string ObjectiveSpec = "Daso.Objectives.ObjectiveSpec";
    public const string PrecisionSpec = "Daso.Training.PrecisionSpec";
    public const string StrategySpec = "Daso.Strategies.StrategySpec";

    public static readonly IReadOnlyList<string> ClassAttributes =
        [Model, Data, Optimizer, LearningRate, Objective, Precision, Strategy, Seeds, Epochs, Steps, Target, Link, Tier, Reference, Tags];

    public static readonly IReadOnlyList<string> PropertyAttributes = [Params, ParamsSource, TierParams];

    public static readonly IReadOnlyList<string> SettingAttributes =
        [AtLeast, Above, AtMost, Below, OneOf, NotInHash, DescribedBy, NullAs, OmittedWhen];

    /// <summary>How a user writes an attribute: without the suffix.</summary>
    public static string Short(string attribute) => attribute.Substring(0, attribute.Length - "Attribute".Length);
}
