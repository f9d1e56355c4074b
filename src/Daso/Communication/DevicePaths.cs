namespace Daso.Communication;

/// <summary>Who adds up GPU memory inside a node.</summary>
internal enum IntraNode
{
    /// <summary>The host, on pinned copies.</summary>
    Host,

    /// <summary>NCCL, between the GPUs.</summary>
    Nccl,
}

/// <summary>Who adds up GPU memory between nodes.</summary>
internal enum InterNode
{
    /// <summary>The host, on pinned copies that travel by MPI.</summary>
    Mpi,

    /// <summary>The MPI library, which is given the GPUs' memory.</summary>
    GpuAwareMpi,

    /// <summary>NCCL, over its own network transport.</summary>
    Nccl,
}

/// <summary>Who carries out a group's operations on GPU memory.</summary>
internal enum DevicePath
{
    Host,
    GpuAwareMpi,
    Nccl,

    /// <summary>One level after the other (<see cref="TwoLevelCommunicator"/>).</summary>
    TwoLevels,
}

/// <summary>What this job's machines have for GPU memory.</summary>
/// <param name="Nccl">NCCL's version, the same on all hosts; null: it is not on all of them.</param>
/// <param name="IsSharedInNodes">Whether ranks of a node share a GPU, which NCCL refuses.</param>
/// <param name="IsSharedBetweenNodes">Whether ranks with one local id do: nodes were dealt out on one machine.</param>
/// <param name="TakesMpi">Whether the MPI library says that it takes GPU memory; null: it says nothing.</param>
internal sealed record DeviceMeans(string? Nccl, bool IsSharedInNodes, bool IsSharedBetweenNodes, bool? TakesMpi);

/// <summary>Who carries out operations on GPU memory, level by level.</summary>
/// <param name="Intra">Inside a node.</param>
/// <param name="Inter">Between nodes.</param>
internal sealed record DevicePaths(IntraNode Intra, InterNode Inter)
{
    /// <summary>What the user has asked for, where the machines have it; else the best that they have.</summary>
    /// <param name="intra">The value of --intra-node; null: not given.</param>
    /// <param name="inter">The value of --inter-node; null: not given.</param>
    /// <param name="means">What there is.</param>
    /// <exception cref="UserErrorException">What was asked for is not there.</exception>
    internal static DevicePaths Choose(IntraNode? intra, InterNode? inter, DeviceMeans means)
    {
        if (intra == IntraNode.Nccl)
            RequireNccl("--intra-node nccl", means, means.IsSharedInNodes, "take --intra-node host");
        if (inter == InterNode.Nccl)
            RequireNccl("--inter-node nccl", means, means.IsSharedBetweenNodes, "take --inter-node mpi");
        if (inter == InterNode.GpuAwareMpi && means.TakesMpi == false)
        {
            throw new UserErrorException(
                "--inter-node gpu-aware-mpi: the MPI library says that it does not take GPU memory (it is built without CUDA, or switched "
                    + "off by a variable such as MPIR_CVAR_ENABLE_GPU); take --inter-node mpi",
                ExitCode.Environment);
        }

        bool hasNccl = means.Nccl is not null;
        return new DevicePaths(
            intra ?? (hasNccl && !means.IsSharedInNodes ? IntraNode.Nccl : IntraNode.Host),
            inter ?? (hasNccl && !means.IsSharedBetweenNodes ? InterNode.Nccl
                : means.TakesMpi == true ? InterNode.GpuAwareMpi
                : InterNode.Mpi));
    }

    /// <summary>Who carries out the operations of a group, by where its ranks sit.</summary>
    /// <param name="nodeOf">The node of each rank.</param>
    internal DevicePath Of(IReadOnlyList<int> nodeOf)
    {
        int nodes = nodeOf.Distinct().Count();
        if (nodes == 1)
            return Intra == IntraNode.Nccl ? DevicePath.Nccl : DevicePath.Host;
        DevicePath between = Inter switch
        {
            InterNode.Nccl => DevicePath.Nccl,
            InterNode.GpuAwareMpi => DevicePath.GpuAwareMpi,
            _ => DevicePath.Host,
        };
        if (nodes == nodeOf.Count || (Intra == IntraNode.Nccl) == (Inter == InterNode.Nccl))
            return between;
        return IsRegular(nodeOf, nodes) ? DevicePath.TwoLevels : DevicePath.Host;
    }

    /// <summary>As in a manifest.</summary>
    /// <param name="nccl">NCCL's version and file.</param>
    internal string Describe(string? nccl)
    {
        string inside = Intra == IntraNode.Nccl ? $"NCCL {nccl}" : "the host, on pinned copies";
        string between = Inter switch
        {
            InterNode.Nccl => $"NCCL {nccl}",
            InterNode.GpuAwareMpi => "the MPI library, given GPU memory",
            _ => "MPI, on pinned copies",
        };
        return $"GPU memory inside a node by {inside}, between nodes by {between}";
    }

    /// <summary>Whether each node has as many ranks and they follow each other.</summary>
    internal static bool IsRegular(IReadOnlyList<int> nodeOf, int nodes)
    {
        int perNode = nodeOf.Count / nodes;
        return nodeOf.Count == nodes * perNode
            && nodeOf.Chunk(perNode).All(chunk => chunk.Distinct().Count() == 1);
    }

    private static void RequireNccl(string option, DeviceMeans means, bool isShared, string instead)
    {
        if (means.Nccl is null)
        {
            throw new UserErrorException(
                $"{option}: libnccl.so.2 of one version is not on all hosts; name it with --nccl-library, or {instead}", ExitCode.Environment);
        }

        if (isShared)
            throw new UserErrorException($"{option}: ranks share a GPU, which NCCL refuses; start a rank a GPU, or {instead}", ExitCode.Environment);
    }
}
