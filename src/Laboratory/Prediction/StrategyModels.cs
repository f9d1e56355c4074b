namespace Daso.Prediction;

/// <summary>The strategies with their usual settings on a system.</summary>
public static class StrategyModels
{
    /// <summary>
    /// A strategy by name. On this project's own clusters all use the project's all-reduce; elsewhere DDP and Horovod use NCCL's ring and
    /// hierarchy, and DASO uses MPI, as its reference implementation does.
    /// </summary>
    /// <param name="name">ddp, horovod, daso, post-local-sgd or none.</param>
    /// <param name="system">Where it runs.</param>
    public static StrategyModel Of(string name, SystemSpec system)
    {
        bool isOwn = system.IsInProcess || system.SharedCores is not null;
        CollectiveAlgorithm Choose(CollectiveAlgorithm usual) =>
            system.IsInProcess ? CollectiveAlgorithm.Bound : isOwn ? CollectiveAlgorithm.Chain : usual;
        return name switch
        {
            "ddp" => new DdpModel { Algorithm = Choose(CollectiveAlgorithm.Ring) },
            "horovod" => new HorovodModel { Algorithm = Choose(CollectiveAlgorithm.Hierarchical), CopiesBuffers = !isOwn },
            "daso" => new DasoModel
            {
                BlockingAlgorithm = Choose(CollectiveAlgorithm.RecursiveDoubling),
                CyclingAlgorithm = Choose(CollectiveAlgorithm.Ring),
                LocalAlgorithm = Choose(CollectiveAlgorithm.Ring),
                UsesMpi = true,
            },
            "post-local-sgd" => new PostLocalSgdModel
            {
                Algorithm = Choose(CollectiveAlgorithm.Ring),
                LocalAlgorithm = Choose(CollectiveAlgorithm.Ring),
            },
            "none" => new NoCommunicationModel(),
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
        };
    }
}
