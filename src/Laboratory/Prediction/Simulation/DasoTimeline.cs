using Daso.Strategies;

namespace Daso.Prediction.Simulation;

/// <summary>What DASO does in a step; the same on all ranks.</summary>
/// <param name="AveragesLocally">Whether gradients are averaged in the node.</param>
/// <param name="IsCycling">Whose wire and all-reduce the exchange uses.</param>
/// <param name="Actions">After the optimizer's update, in this order.</param>
internal sealed record DasoStep(bool AveragesLocally, bool IsCycling, IReadOnlyList<DasoAction> Actions);

/// <summary>DASO's steps before they are taken.</summary>
internal static class DasoTimeline
{
    /// <summary>The steps of a whole training, from the schedule itself.</summary>
    /// <param name="settings">The schedule's settings.</param>
    /// <param name="groups">g: ranks on a node.</param>
    /// <param name="losses">One an epoch.</param>
    /// <param name="stepsPerEpoch">Steps in each.</param>
    internal static IReadOnlyList<DasoStep> Of(DasoSettings settings, int groups, IReadOnlyList<double> losses, int stepsPerEpoch)
    {
        var schedule = new DasoSchedule(settings, groups, losses.Count, stepsPerEpoch);
        var steps = new List<DasoStep>(losses.Count * stepsPerEpoch);
        foreach (double loss in losses)
        {
            for (int batch = 0; batch < stepsPerEpoch; batch++)
            {
                (bool averagesLocally, bool isCycling) = (schedule.AveragesLocally, schedule.Skips.Global != 0);
                steps.Add(new DasoStep(averagesLocally, isCycling, [.. schedule.AfterStep(batch)]));
            }

            schedule.EpochEnded(loss);
        }

        return steps;
    }

    /// <summary>Steps amid a phase whose skips do not change; no epoch ends.</summary>
    internal static IReadOnlyList<DasoStep> Of(DasoSkips skips, int groups, int steps)
    {
        var timeline = new List<DasoStep>(steps);
        (int duty, int? inFlight) = (0, null);
        for (int step = 0; step < steps; step++)
        {
            var actions = new List<DasoAction>();
            if (skips.Global == 0)
            {
                actions.AddRange([new(DasoActionKind.SendForMean, duty), new(DasoActionKind.Mean, duty)]);
                actions.Add(new(DasoActionKind.Broadcast, duty));
                duty = (duty + 1) % groups;
            }
            else
            {
                int sinceSend = step % skips.Global;
                if (sinceSend == 0)
                    actions.Add(new(DasoActionKind.SendForMerge, duty, skips.Wait));
                if (sinceSend == skips.Wait % skips.Global && inFlight is int sender)
                {
                    actions.AddRange([new(DasoActionKind.Merge, sender, skips.Wait), new(DasoActionKind.Broadcast, sender)]);
                    inFlight = null;
                }

                if (sinceSend == 0)
                    (inFlight, duty) = (duty, (duty + 1) % groups);
            }

            timeline.Add(new DasoStep(AveragesLocally: true, skips.Global != 0, actions));
        }

        return timeline;
    }
}
