using Daso.Cluster;
using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Tests.Cluster;

/// <summary>An embedded cluster on the CPU, for tests.</summary>
internal static class TestCluster
{
    /// <summary>Runs a body on every rank.</summary>
    internal static void Run(int nodes, int ranksPerNode, Action<RankContext> body, string? link = null, double limitSeconds = 20) =>
        new EmbeddedCluster(
            new Topology(nodes, ranksPerNode), link is null ? null : LinkSpec.Parse(link), _ => CPU, TimeSpan.FromSeconds(limitSeconds))
            .Run(body, TestContext.Current.CancellationToken);

    /// <summary>Runs a body on every rank and returns what each returned, in rank order.</summary>
    internal static T[] Collect<T>(int nodes, int ranksPerNode, Func<RankContext, T> body, string? link = null)
    {
        var results = new T[nodes * ranksPerNode];
        Run(nodes, ranksPerNode, ranks => results[ranks.Rank] = body(ranks), link);
        return results;
    }
}
