using Daso.Strategies;

namespace Daso.Prediction;

/// <summary>The queue of Horovod's background thread, in a step whose ranks keep in time with each other.</summary>
internal static class HorovodQueue
{
    /// <summary>
    /// When the last message of a step is done, counted from the step's start. The thread looks when the first gradient is there and then
    /// once a cycle; it agrees on what is complete everywhere and sends that in messages of at most the fusion buffer's size.
    /// </summary>
    /// <param name="workload">When gradients are complete.</param>
    /// <param name="model">Cycle, fusion, wire.</param>
    /// <param name="agreementNs">What one agreement takes.</param>
    /// <param name="messageNs">What a message of these elements takes.</param>
    internal static double DrainNs(WorkloadSpec workload, QueuedGradients model, double agreementNs, Func<long, double> messageNs)
    {
        IReadOnlyList<GradientTensor> queue = workload.Gradients;
        if (queue.Count == 0)
            return 0;
        double look = ReadyNs(workload, 0);
        double end = look;
        for (int next = 0; next < queue.Count;)
        {
            int agreed = next;
            while (agreed < queue.Count && ReadyNs(workload, agreed) <= look)
                agreed++;
            end = look + agreementNs;
            foreach (long elements in Messages(queue, next, agreed, model))
                end += messageNs(elements);
            next = agreed;
            look = Math.Max(look + model.CycleNs, end);
        }

        return end;
    }

    /// <summary>Elements of the messages in which gradients [first, end) are sent.</summary>
    internal static IEnumerable<long> Messages(IReadOnlyList<GradientTensor> queue, int first, int end, QueuedGradients model)
    {
        for (int next = first; next < end;)
        {
            long elements = queue[next++].Elements;
            while (next < end && model.Wire.BytesFor(elements + queue[next].Elements) <= model.FusionBytes)
                elements += queue[next++].Elements;
            yield return elements;
        }
    }

    private static double ReadyNs(WorkloadSpec workload, int gradient) =>
        workload.ForwardNs + (workload.Gradients[gradient].ReadyAt * workload.BackwardNs);
}
