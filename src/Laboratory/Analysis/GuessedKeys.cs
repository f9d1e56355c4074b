using Daso.Recording;

namespace Daso.Analysis;

/// <summary>
/// Which waits of a step belong together where the records do not say: those of format 1, and of a strategy that does not tell its
/// operations. Those in the same place do, where ranks have equally many. It takes waits of different groups for one where all ranks have equally many, as
/// DASO's have with sharded duty.
/// </summary>
internal static class GuessedKeys
{
    /// <summary>Gives the step's operations keys.</summary>
    /// <param name="ranks">All ranks.</param>
    /// <param name="ranksPerNode">Ranks a node.</param>
    public static void Assign(StepOperations[] ranks, int ranksPerNode)
    {
        // Every rank in one operation, or, with DASO, those of one local id while the others wait inside their nodes.
        if (HaveEqualCounts(ranks))
            AssignGlobal(ranks, number: 0);
        else
        {
            for (int id = 0; id < ranksPerNode; id++)
            {
                StepOperations[] sameId = [.. ranks.Where((_, rank) => rank % ranksPerNode == id)];
                if (HaveEqualCounts(sameId))
                    AssignGlobal(sameId, number: 1 + id);
            }
        }

        for (int first = 0; first < ranks.Length; first += ranksPerNode)
            AssignLocal(ranks[first..(first + ranksPerNode)], number: first);
    }

    private static bool HaveEqualCounts(StepOperations[] group) => group.All(rank => rank.Global.Count == group[0].Global.Count);

    private static void AssignGlobal(StepOperations[] group, int number)
    {
        foreach (StepOperations rank in group)
        {
            for (int i = 0; i < rank.Global.Count; i++)
                rank.Global[i] = rank.Global[i] with { Key = new OperationKey(number, i) };
        }
    }

    private static void AssignLocal(StepOperations[] node, int number)
    {
        int common = node.Min(rank => rank.Local.Count);
        foreach (StepOperations rank in node)
        {
            for (int i = 0; i < common; i++)
                rank.Local[i] = rank.Local[i] with { Key = new OperationKey(number, i) };
        }
    }
}
