using Daso.Communication.Nccl;

namespace Daso.Communication.Mpi;

/// <summary>What carries out this process's operations on GPU memory.</summary>
/// <param name="Paths">Who does, level by level.</param>
/// <param name="Gpu">The rank's device.</param>
/// <param name="Nccl">NCCL, where a level has it.</param>
internal sealed record DeviceCarriers(DevicePaths Paths, IGpu Gpu, NcclLibrary? Nccl)
{
    /// <summary>NCCL, for a group whose operations it carries out; else null.</summary>
    /// <param name="nodeOf">The node of each of the group's ranks.</param>
    internal NcclLibrary? NcclFor(int[] nodeOf) => nodeOf.Length > 1 && Paths.Of(nodeOf) == DevicePath.Nccl ? Nccl : null;
}
