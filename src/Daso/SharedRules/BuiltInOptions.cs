namespace Daso.SharedRules;

/// <summary>
/// The options that every suite's command has under <c>suite</c> and <c>launch</c>, without their dashes: no parameter can have one of them.
/// </summary>
internal static class BuiltInOptions
{
    public static readonly IReadOnlyList<string> Names =
    [
        "nodes", "ranks-per-node", "link", "device", "seeds", "strategies", "aa", "experiments", "tier", "epochs", "steps", "out", "format",
        "cluster", "legend", "ranking", "dry-run", "warmup-steps", "comm-timeout", "checkpoint-every", "checkpoint-folder", "keep-checkpoints",
        "save-weights", "resume", "run-note", "retry-failed", "max-time", "check-data", "max-bad-samples", "libtorch", "precision", "preflight",
        "mpi-library", "all-reduce", "nccl-library", "intra-node", "inter-node",
        "for", "script", "program", "hosts", "mpi", "time", "requeue", "job-name", "array", "sbatch", "module", "container",
        "container-options", "help", "version",
    ];
}
