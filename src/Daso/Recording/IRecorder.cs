namespace Daso.Recording;

/// <summary>Where a step's time goes.</summary>
public enum SpanKind : byte
{
    /// <summary>Waiting for the next batch.</summary>
    Data,

    /// <summary>Forward pass and loss.</summary>
    Forward,

    /// <summary>Backward pass, with what communication runs inside it.</summary>
    Backward,

    /// <summary>Averaging or broadcasting inside the node.</summary>
    LocalSync,

    /// <summary>Starting a synchronisation between nodes: packing and handing over.</summary>
    GlobalSend,

    /// <summary>Waiting for a synchronisation between nodes.</summary>
    GlobalWait,

    /// <summary>Merging what came from other nodes into the parameters.</summary>
    Merge,

    /// <summary>The optimizer's update.</summary>
    Optimizer,

    /// <summary>Evaluating held-out data.</summary>
    Evaluation,

    /// <summary>A whole training step; the sum of its parts and what lies between them.</summary>
    Step,

    /// <summary>Writing a checkpoint, between steps.</summary>
    Checkpoint,

    /// <summary>Broadcasting batch norm's running statistics before a forward, what a rank waits for the others included.</summary>
    Buffers,
}

/// <summary>Keeps what a rank's <see cref="StepTimer"/> has measured. Calls nobody; used by the rank's own thread only.</summary>
public interface IRecorder
{
    /// <summary>Nanoseconds since the run began; monotonic, one clock for all ranks of a process.</summary>
    long NowNs { get; }

    /// <summary>Sets the position that later spans and metrics belong to.</summary>
    /// <param name="epoch">From 0.</param>
    /// <param name="step">From 0, over the whole training.</param>
    void MoveTo(int epoch, int step);

    /// <summary>Records a span.</summary>
    /// <param name="kind">What.</param>
    /// <param name="startNs">When it began, on <see cref="NowNs"/>'s clock.</param>
    /// <param name="durationNs">How long it took.</param>
    /// <param name="bytes">Bytes that it sent over this node's link, booked on this rank.</param>
    /// <param name="operation">The collective operation that it was about, of several the last; null: none in particular.</param>
    void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null);

    /// <summary>Records a metric at the current position.</summary>
    void Metric(string name, double value);

    /// <summary>The step at the current position is over: what it reported survives a kill from here on.</summary>
    void EndStep();
}
