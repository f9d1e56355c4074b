using System.Security.Cryptography;
using System.Text;

namespace Daso.Cluster;

/// <summary>Where a rank computes.</summary>
/// <param name="Machine">Tells machines apart.</param>
/// <param name="Cores">The logical cores that its process may run on.</param>
/// <param name="Limit">The number of cores that the runtime gives the process; fewer than <paramref name="Cores"/> where processor time is limited.</param>
/// <param name="Gpu">Tells GPUs apart; 0: none.</param>
internal sealed record RankPlace(long Machine, CoreMask Cores, int Limit, long Gpu)
{
    /// <summary>Length of the form that travels, in words.</summary>
    internal const int PackedLength = CoreMask.PackedLength + HeadLength;

    private const int HeadLength = 3;

    /// <summary>This process's.</summary>
    /// <param name="gpu">The GPU's identity; null: none.</param>
    internal static RankPlace Here(string? gpu)
    {
        // The same in all containers of a machine and on no other machine, whatever the hosts are called.
        const string Boot = "/proc/sys/kernel/random/boot_id";
        string machine = File.Exists(Boot) ? File.ReadAllText(Boot) : Environment.MachineName;
        return new RankPlace(Hash(machine), CoreMask.OfProcess(), Environment.ProcessorCount, gpu is null ? 0 : Hash(gpu));
    }

    /// <summary>As words that travel.</summary>
    internal long[] Pack() => [Machine, Limit, Gpu, .. Cores.Pack()];

    /// <summary>Reads what <see cref="Pack"/> has written.</summary>
    internal static RankPlace Unpack(long[] packed) =>
        new(packed[0], CoreMask.Unpack(packed[HeadLength..]), (int)packed[1], packed[2]);

    private static long Hash(string text) => BitConverter.ToInt64(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
