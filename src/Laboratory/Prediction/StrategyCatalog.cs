using Daso.Baselines;
using Daso.Experiments;
using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>The strategies that a prediction can be asked for by name: the known ones with their usual settings, and those of experiments.</summary>
internal sealed class StrategyCatalog
{
    private readonly Dictionary<string, Func<ProgramScope, IReadOnlyList<StepProgram>>> _programs = new(StringComparer.Ordinal)
    {
        ["ddp"] = new DdpSpec().Programs,
        ["horovod"] = new HorovodSpec().Programs,
        ["daso"] = new DasoSpec().Programs,
        ["post-local-sgd"] = new PostLocalSgdSpec { WarmupSteps = 0 }.Programs,
        ["none"] = new NoCommunicationSpec().Programs,
    };

    /// <summary>Takes the strategies of experiments, each as EXPERIMENT/STRATEGY with the first values of the parameters.</summary>
    internal StrategyCatalog(IReadOnlyList<ExperimentDefinition> experiments)
    {
        Usual = [.. _programs.Keys];
        foreach (ExperimentDefinition experiment in experiments)
        {
            for (int i = 0; i < experiment.Strategies.Count; i++)
            {
                int index = i;
                _programs[$"{experiment.Name}/{experiment.Strategies[i].Name}"] =
                    scope => FirstSetup(experiment).Strategies[index].Programs(scope);
            }
        }
    }

    /// <summary>The names of the known ones.</summary>
    internal string[] Usual { get; }

    /// <summary>All names.</summary>
    internal IReadOnlyCollection<string> Names => _programs.Keys;

    /// <summary>A strategy's phases on a system; empty: it does not say what it does in a step.</summary>
    internal IReadOnlyList<ModelledStrategy> Phases(string name, SystemSpec system, WorkloadSpec workload) =>
        ModelledStrategy.Phases(name, _programs[name](workload.Scope(system)), system);

    private static ExperimentSetup FirstSetup(ExperimentDefinition experiment) => experiment.Create(
        new ParameterValues(experiment.Parameters.ToDictionary(one => one.Option, one => one.Values[0], StringComparer.Ordinal)));
}
