using Daso.Communication;

namespace Daso.Strategies;

/// <summary>DASO's steps as <see cref="DasoSchedule"/> orders them.</summary>
internal static class DasoProgram
{
    /// <summary>A phase whose skips do not change, far from the end of an epoch.</summary>
    /// <param name="spec">Formats and buckets; its schedule's variant.</param>
    /// <param name="skips">The phase's skips; all 0: a blocking phase.</param>
    /// <param name="scope">The model's size and the ranks of a node.</param>
    public static StepProgram Phase(DasoSpec spec, DasoSkips skips, ProgramScope scope)
    {
        int period = Math.Max(1, skips.Global) * scope.RanksPerNode;
        var steps = new Steps(spec, scope, DasoSchedule.InPhase(spec.Schedule, scope.RanksPerNode, skips));
        // The first period starts with nothing in flight; the second is as all that follow.
        ProgramStep[] periods = [.. Enumerable.Range(0, 2 * period).Select(steps.Next)];
        return Of(spec, skips.Global == 0 ? "blocking" : "cycling", periods[period..]);
    }

    /// <summary>The cycling phase's first skips, with those that are measured as they come to be.</summary>
    internal static DasoSkips FirstSkips(DasoSpec spec, ProgramScope scope)
    {
        var skips = DasoSkips.Start(spec.Schedule);
        return MeasuredWait(spec, scope) is int wait ? skips.Measured(spec.Schedule, wait) : skips;
    }

    /// <summary>A whole training.</summary>
    /// <param name="spec">The strategy.</param>
    /// <param name="scope">The model's size and the ranks of a node.</param>
    /// <param name="losses">One an epoch.</param>
    /// <param name="stepsPerEpoch">Steps in each.</param>
    public static StepProgram Training(DasoSpec spec, ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch)
    {
        var schedule = new DasoSchedule(spec.Schedule, scope.RanksPerNode, losses.Count, stepsPerEpoch);
        var steps = new Steps(spec, scope, schedule);
        int? measuredWait = MeasuredWait(spec, scope);
        var training = new List<ProgramStep>(losses.Count * stepsPerEpoch);
        foreach (double loss in losses)
        {
            training.AddRange(Enumerable.Range(0, stepsPerEpoch).Select(steps.Next));
            schedule.EpochEnded(loss, measuredWait);
        }

        return Of(spec, "", training);
    }

    private static ProgramExchange Exchange(WireFormat wire, ProgramScope scope) =>
        new(ProgramGroup.Global, scope.Elements, wire) { IsByMpi = true };

    private static int? MeasuredWait(DasoSpec spec, ProgramScope scope) => spec.Schedule.Auto == DasoAuto.None || scope.StepsOf is null
        ? null
        : Math.Max(1, (int)Math.Min(spec.Schedule.MaxGlobalSkips, Math.Ceiling(scope.StepsOf(Exchange(spec.CyclingWire, scope)))));

    private static StepProgram Of(DasoSpec spec, string phase, IReadOnlyList<ProgramStep> steps) => new()
    {
        Phase = phase,
        Gradients = BucketedGradients.InFloat32(ProgramGroup.Node, spec.BucketBytes),
        Steps = steps,
    };

    /// <summary>One step of the schedule after the other.</summary>
    private sealed class Steps(DasoSpec spec, ProgramScope scope, DasoSchedule schedule)
    {
        private readonly Queue<int> _sent = new();
        private int _step;

        /// <param name="batch">From 0, within the epoch.</param>
        internal ProgramStep Next(int batch)
        {
            (bool averagesLocally, bool isCycling) = (schedule.AveragesLocally, schedule.Skips.Global != 0);
            ProgramExchange exchange = Exchange(isCycling ? spec.CyclingWire : spec.BlockingWire, scope);
            var actions = new List<ProgramAction>();
            int delay = 0;
            foreach (DasoAction action in schedule.AfterStep(batch))
            {
                switch (action.Kind)
                {
                    case DasoActionKind.SendForMean:
                        actions.Add(new ProgramAction(ProgramActionKind.Start, exchange, action.Group));
                        break;
                    case DasoActionKind.SendForMerge:
                        _sent.Enqueue(_step);
                        goto case DasoActionKind.SendForMean;
                    case DasoActionKind.Mean:
                        delay = 0;
                        actions.Add(new ProgramAction(ProgramActionKind.Wait, exchange, action.Group));
                        break;
                    case DasoActionKind.Merge:
                        delay = _step - _sent.Dequeue();
                        actions.Add(new ProgramAction(ProgramActionKind.Wait, exchange, action.Group, delay));
                        break;
                    case DasoActionKind.Broadcast:
                        actions.Add(new ProgramAction(ProgramActionKind.NodeBroadcast, exchange, action.Group, delay));
                        break;
                }
            }

            _step++;
            return new ProgramStep(averagesLocally, actions);
        }
    }
}
