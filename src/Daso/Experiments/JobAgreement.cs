using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Daso.Communication;
using Daso.Recording;

namespace Daso.Experiments;

/// <summary>What the processes of a job tell each other before they train.</summary>
internal static class JobAgreement
{
    /// <summary>Compares the ranks' specifications and programs by their hashes. Collective.</summary>
    /// <param name="world">All ranks.</param>
    /// <param name="specification">What this rank would run.</param>
    /// <exception cref="UserErrorException">On rank 0: another rank's differs.</exception>
    internal static void Require(ICommunicator world, JsonObject specification) =>
        Require(world, SHA256.HashData(Encoding.UTF8.GetBytes($"{Program()} {Manifest.Hash(specification)}")));

    /// <summary>Compares the ranks' hashes. Collective.</summary>
    internal static void Require(ICommunicator world, byte[] hash)
    {
        byte[] all = world.Gather<byte>(hash);
        if (world.Rank != 0)
            return;
        int[] others = [.. Enumerable.Range(1, world.Size - 1).Where(rank =>
            !all.AsSpan(rank * hash.Length, hash.Length).SequenceEqual(hash))];
        if (others.Length > 0)
        {
            throw new UserErrorException(
                $"rank {string.Join(", ", others)}: another specification, data or build than rank 0; start the same program with the same "
                    + "options on the same data everywhere");
        }
    }

    /// <summary>Gives all ranks a text of rank 0. Collective.</summary>
    internal static string Share(ICommunicator world, string text)
    {
        byte[] bytes = world.Rank == 0 ? Encoding.UTF8.GetBytes(text) : [];
        long[] length = [bytes.Length];
        world.Broadcast(length, 0);
        Array.Resize(ref bytes, (int)length[0]);
        world.Broadcast(bytes, 0);
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>The builds of the library and of the program.</summary>
    private static string Program() => string.Join(
        ' ',
        new[] { typeof(JobAgreement).Assembly, Assembly.GetEntryAssembly() }.Select(assembly => assembly?.ManifestModule.ModuleVersionId));
}
