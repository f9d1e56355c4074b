using Daso.SharedRules;

namespace Daso.Experiments;

/// <summary>
/// The compiler's rules over definitions as the program gets them: from several assemblies, from another version of the generator, or made
/// by hand.
/// </summary>
internal static class RegistryRules
{
    /// <summary>The first rule that a registry breaks, in the compiler's words; null: none.</summary>
    internal static string? FirstBroken(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var names = new HashSet<(string Suite, string Name)>();
        foreach (ExperimentDefinition experiment in experiments)
        {
            if (!names.Add((experiment.Suite, experiment.Name)))
                return Broken(CommonRules.DuplicateExperiment, experiment.Suite, experiment.Name, "");
            if (InvalidName(experiment) is var (name, what))
                return Broken(CommonRules.InvalidName, name, what, "");
            if (WrongOption(experiment.Parameters) is { } wrong)
                return wrong;
        }

        return OptionOfTwoTypes(experiments);
    }

    private static string? OptionOfTwoTypes(IReadOnlyList<ExperimentDefinition> experiments)
    {
        var firstOf = new Dictionary<(string Suite, string Option), (string Experiment, string Type)>();
        foreach (ExperimentDefinition experiment in experiments)
        {
            foreach (ParameterDefinition parameter in experiment.Parameters)
            {
                (string Suite, string Option) key = (experiment.Suite, parameter.Option);
                if (!firstOf.TryAdd(key, (experiment.Name, parameter.TypeName)) && firstOf[key] is var first && first.Type != parameter.TypeName)
                {
                    return Broken(
                        CommonRules.OptionTypes, parameter.Option, first.Type, first.Experiment, parameter.TypeName, experiment.Name);
                }
            }
        }

        return null;
    }

    private static (string Name, string What)? InvalidName(ExperimentDefinition experiment)
    {
        IEnumerable<(string Name, string What)> names =
        [
            (experiment.Suite, "a suite"),
            (experiment.Name, "an experiment"),
            .. experiment.Strategies.Select(strategy => (strategy.Name, "a strategy")),
            .. experiment.Parameters.Select(parameter => (parameter.Option, "an option")),
        ];
        return names.Where(named => !NameRule.IsValid(named.Name)).Select(named => ((string, string)?)named).FirstOrDefault();
    }

    private static string? WrongOption(IReadOnlyList<ParameterDefinition> parameters)
    {
        var ownerOf = new Dictionary<string, string>();
        foreach (ParameterDefinition parameter in parameters)
        {
            if (BuiltInOptions.Names.Contains(parameter.Option))
                return Broken(CommonRules.OptionTaken, parameter.Name, parameter.Option);
            if (!ownerOf.TryAdd(parameter.Option, parameter.Name))
                return Broken(CommonRules.DuplicateOption, ownerOf[parameter.Option], parameter.Name, parameter.Option);
        }

        return null;
    }

    private static string Broken(RuleText rule, params object[] particulars) => $"{rule.Id}: {rule.Say(particulars)}";
}
