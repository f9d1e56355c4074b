using System.Reflection;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Daso.Communication;
using Daso.Recording;

namespace Daso.Experiments;

/// <summary>What the processes of a job tell each other before they train.</summary>
internal static class JobAgreement
{
    private static readonly TimeSpan s_stillFinding = TimeSpan.FromSeconds(10);

    /// <summary>Compares the ranks' specifications and programs by their hashes. Collective.</summary>
    /// <param name="world">All ranks.</param>
    /// <param name="specification">What this rank would run.</param>
    /// <exception cref="UserErrorException">On rank 0: another rank's differs.</exception>
    internal static void Require(ICommunicator world, JsonObject specification) =>
        Require(world, SHA256.HashData(Encoding.UTF8.GetBytes($"{Program()} {Manifest.Hash(specification)}")));

    /// <summary>Compares the ranks' hashes, of whole words of 8 bytes. Collective.</summary>
    internal static void Require(ICommunicator world, byte[] hash)
    {
        // That all are the same two small reductions tell, in rounds that grow with the logarithm of the nodes.
        long[] least = MemoryMarshal.Cast<byte, long>(hash).ToArray(), largest = [.. least];
        world.AllReduce(least, ReduceOperation.Min);
        world.AllReduce(largest, ReduceOperation.Max);
        if (least.AsSpan().SequenceEqual(largest))
            return;
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
    internal static string Share(ICommunicator world, string text) => Encoding.UTF8.GetString(Share(world, Encoding.UTF8.GetBytes(text)));

    /// <summary>
    /// Runs a function on rank 0 and gives what it returns to all. The others are told again and again that they have to wait, so that it
    /// may take longer than an operation's limit. Collective.
    /// </summary>
    /// <param name="world">All ranks.</param>
    /// <param name="find">The function.</param>
    /// <param name="tellAfter">How often the others are told; null: every ten seconds.</param>
    internal static byte[] Once(ICommunicator world, Func<byte[]> find, TimeSpan? tellAfter = null)
    {
        Task<byte[]>? finding = world.Rank == 0 ? Task.Run(find) : null;
        byte[] found = [];
        byte[] isFound = [0];
        while (isFound[0] == 0)
        {
            if (finding is not null && Task.WaitAny([finding], tellAfter ?? s_stillFinding) == 0)
            {
                found = finding.GetAwaiter().GetResult();
                isFound[0] = 1;
            }

            world.Broadcast(isFound, 0);
        }

        return Share(world, found);
    }

    /// <summary>Gives all ranks bytes of rank 0. Collective.</summary>
    private static byte[] Share(ICommunicator world, byte[] bytes)
    {
        long[] length = [bytes.Length];
        world.Broadcast(length, 0);
        byte[] shared = world.Rank == 0 ? bytes : new byte[length[0]];
        world.Broadcast(shared, 0);
        return shared;
    }

    /// <summary>The builds of the library and of the program.</summary>
    private static string Program() => string.Join(
        ' ',
        new[] { typeof(JobAgreement).Assembly, Assembly.GetEntryAssembly() }.Select(assembly => assembly?.ManifestModule.ModuleVersionId));
}
