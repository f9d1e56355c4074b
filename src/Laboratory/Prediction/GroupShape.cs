using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>The ranks of a collective.</summary>
/// <param name="Nodes">Nodes that they sit on.</param>
/// <param name="RanksPerNode">Ranks on each of these.</param>
internal readonly record struct GroupShape(int Nodes, int RanksPerNode)
{
    /// <summary>All of them.</summary>
    public int Ranks => Nodes * RanksPerNode;

    /// <summary>The ranks of a program's operation.</summary>
    public static GroupShape Of(ProgramGroup group, SystemSpec system) => group switch
    {
        ProgramGroup.Node => Node(system),
        ProgramGroup.Global => Global(system),
        _ => World(system),
    };

    /// <summary>All ranks of a system.</summary>
    public static GroupShape World(SystemSpec system) => new(system.Nodes, system.RanksPerNode);

    /// <summary>The ranks of one node.</summary>
    public static GroupShape Node(SystemSpec system) => new(1, system.RanksPerNode);

    /// <summary>One rank of each node.</summary>
    public static GroupShape Global(SystemSpec system) => new(system.Nodes, 1);
}
