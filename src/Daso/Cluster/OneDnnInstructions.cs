using System.Runtime.Intrinsics.X86;
using Daso.Communication;

namespace Daso.Cluster;

/// <summary>
/// Which instructions libtorch's convolutions (oneDNN) use. On virtual machines whose processor hides its caches, libtorch 2.10's AVX-512
/// convolutions return wrong gradients of their inputs, at times NaN, where the number of output channels is no multiple of 16; those for
/// AVX2 are right there. Elsewhere nothing is changed.
/// </summary>
internal static class OneDnnInstructions
{
    private const string Variable = "ONEDNN_MAX_CPU_ISA";

    // "Deterministic cache parameters": Intel's leaf and AMD's. Bits 0 to 4 of EAX are the first cache's type; 0: none is described.
    private const int IntelCaches = 4;
    private const int AmdCaches = unchecked((int)0x8000001D);
    private const int CacheType = 0x1f;

    /// <summary>Sets the variable that oneDNN reads when it is first used, unless the user has; call it before libtorch loads.</summary>
    /// <returns>What is in force, for a run's manifest.</returns>
    internal static string Configure()
    {
        if (HidesCaches())
            NativeEnvironment.SetDefault(Variable, "AVX2");
        return Environment.GetEnvironmentVariable(Variable) is string set ? $"{Variable}={set}" : "all instructions of the processor";
    }

    private static bool HidesCaches() => X86Base.IsSupported && !Describes(IntelCaches) && !Describes(AmdCaches);

    private static bool Describes(int leaf) => (X86Base.CpuId(leaf, 0).Eax & CacheType) != 0;
}
