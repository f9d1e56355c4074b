namespace Daso.Experiments;

/// <summary>An experiment's A/A test: one of its strategies under three names, to see what the machine alone makes of equal trainings.</summary>
internal static class AATest
{
    private const int Names = 3;

    /// <summary>The experiment with a strategy thrice, which is its own baseline.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="named">The strategies that the user named, one; null: the experiment's baseline.</param>
    /// <exception cref="UserErrorException">Several were named, or one that the experiment does not have.</exception>
    internal static ExperimentDefinition Of(ExperimentDefinition experiment, IReadOnlyList<string>? named)
    {
        if (named is { Count: > 1 })
            throw new UserErrorException($"--aa: trains one strategy under three names; name one with --strategies, not {string.Join(", ", named)}");
        string name = named is [string only] ? only : experiment.Strategies.Single(strategy => strategy.IsBaseline).Name;
        NearestName.Require($"--aa: {experiment.Name}", [name], [.. experiment.Strategies.Select(strategy => strategy.Name)]);
        int index = experiment.Strategies.TakeWhile(strategy => strategy.Name != name).Count();
        return new ExperimentDefinition
        {
            Suite = experiment.Suite,
            Name = experiment.Name,
            Summary = experiment.Summary,
            Parameters = experiment.Parameters,
            Strategies = [.. Enumerable.Range(1, Names).Select(i => new StrategyDefinition($"{name}-{i}", IsBaseline: i == 1))],
            Seeds = experiment.Seeds,
            Epochs = experiment.Epochs,
            Steps = experiment.Steps,
            Link = experiment.Link,
            Target = experiment.Target,
            Tiers = experiment.Tiers,
            Create = values =>
            {
                ExperimentSetup setup = experiment.Create(values);
                return setup with { Strategies = [.. Enumerable.Repeat(setup.Strategies[index], Names)] };
            },
        };
    }
}
