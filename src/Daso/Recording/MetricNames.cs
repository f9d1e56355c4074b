namespace Daso.Recording;

/// <summary>The metrics that the training loop records.</summary>
internal static class MetricNames
{
    /// <summary>Mean training loss of an epoch over all ranks; rank 0.</summary>
    public const string TrainLoss = "train_loss";

    private const string HeldOutPrefix = "heldout_";

    /// <summary>Learning rate of an epoch's last step; rank 0.</summary>
    public const string LearningRate = "learning_rate";

    /// <summary>Images or tokens of this rank's batch; every step.</summary>
    public const string Items = "items";

    /// <summary>Managed bytes that this rank's thread allocated in a step; every step.</summary>
    public const string AllocatedBytes = "allocated_bytes";

    /// <summary>Collections of the youngest generation only that a step's process made while it ran; absent where there were none.</summary>
    public const string Gen0Collections = "gc_gen0";

    /// <summary>Likewise, up to the middle generation.</summary>
    public const string Gen1Collections = "gc_gen1";

    /// <summary>Likewise, of all generations.</summary>
    public const string Gen2Collections = "gc_gen2";

    /// <summary>
    /// Nanoseconds that a rank's process was stopped (SIGSTOP, suspend, freezer) in a step or after it; absent where it was not.
    /// </summary>
    public const string StoppedNs = "stopped_ns";

    /// <summary>1 in a step whose update was left out, because gradients in float16 were not finite; absent in others.</summary>
    public const string SkippedSteps = "skipped_steps";

    /// <summary>Steps from an exchange's send until its result was on all ranks that take part, as all agreed; rank 0, where a strategy measures it.</summary>
    public const string ExchangeSteps = "exchange_steps";

    /// <summary>Bytes in use on a rank's GPU, by all ranks and processes there, after an epoch: near the peak so far; absent on the CPU.</summary>
    public const string DeviceMemoryBytes = "device_memory_bytes";

    /// <summary>Tensors alive in the process after an epoch; rank 0.</summary>
    public const string LiveTensors = "live_tensors";

    /// <summary>What the objective's metric of a name is recorded as, after every epoch by rank 0.</summary>
    public static string HeldOut(string metric) => HeldOutPrefix + metric;

    /// <summary>Whether a metric is of an epoch's loss, qualities or rate.</summary>
    internal static bool IsOfEpoch(string name) =>
        name is TrainLoss or LearningRate || name.StartsWith(HeldOutPrefix, StringComparison.Ordinal);
}
