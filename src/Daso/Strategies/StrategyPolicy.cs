namespace Daso.Strategies;

/// <summary>What of a replica a strategy brings into agreement, in the few words of a table's cells.</summary>
/// <param name="Averaged">What ranks exchange: gradients, parameters, changes.</param>
/// <param name="Momentum">Whose the local optimizer's state is: the same everywhere, each rank's own, averaged, reset.</param>
/// <param name="BatchNorm">Whose batch norm's running statistics are: each rank's own, rank 0's, averaged.</param>
/// <param name="Memory">Bytes a rank beside parameters, gradients and the optimizer's state, with n for the trainable parameters: "8·n".</param>
public sealed record StrategyPolicy(string Averaged, string Momentum, string BatchNorm, string Memory)
{
    /// <summary>Of a state or of statistics that nothing exchanges and that differ from rank to rank.</summary>
    public const string Own = "own";

    /// <summary>Of a state that is equal on all ranks because their gradients are.</summary>
    public const string Same = "same";

    /// <summary>Of no memory of its own.</summary>
    public const string None = "0";
}
