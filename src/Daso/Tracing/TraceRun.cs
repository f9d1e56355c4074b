using Daso.Cluster;

namespace Daso.Tracing;

/// <summary>Runs a scenario on the embedded cluster, on the CPU, with an unlimited link.</summary>
internal static class TraceRun
{
    private static readonly TimeSpan s_waitLimit = TimeSpan.FromMinutes(1);

    /// <summary>Trains the scenario's model with DASO and returns what every rank recorded.</summary>
    /// <param name="scenario">What to train.</param>
    /// <param name="topology">On how many ranks.</param>
    /// <param name="cancelled">Ends it.</param>
    internal static Trace Run(Scenario scenario, Topology topology, CancellationToken cancelled = default)
    {
        var ranks = new RankTrace[topology.Ranks];
        var cluster = new EmbeddedCluster(topology, null, Devices.ForRanks("cpu"), s_waitLimit);
        cluster.Run(
            context =>
            {
                Devices.UseThreads(cluster.Shares.ThreadsOf(context.Rank));
                using var rank = new TracedRank(scenario, context);
                ranks[context.Rank] = rank.Train();
            },
            cancelled);
        return new Trace(scenario, topology, ranks);
    }
}
