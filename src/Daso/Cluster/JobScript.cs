using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Daso.Cluster;

/// <summary>How a suite is started on a cluster: a batch script for Slurm, or a line for mpiexec or mpirun.</summary>
internal sealed partial record JobScript
{
    /// <summary>Two minutes: Slurm may be one late, and the ranks have to write.</summary>
    private static readonly (string Option, string? Value)[] s_forRequeue =
        [("requeue", null), ("open-mode", "append"), ("signal", "USR1@120")];

    /// <summary>Nodes and ranks a node.</summary>
    internal required Topology Topology { get; init; }

    /// <summary>The published program, a file that all nodes see; where there is a container, inside it.</summary>
    internal required string Program { get; init; }

    /// <summary>The command and its options, without --out.</summary>
    internal required IReadOnlyList<string> Arguments { get; init; }

    /// <summary>The folder that relative paths start from.</summary>
    internal required string WorkingFolder { get; init; }

    /// <summary>The folder of the runs' folders, which all nodes see.</summary>
    internal required string OutputFolder { get; init; }

    /// <summary>Whether every rank takes a GPU.</summary>
    internal bool UsesGpus { get; init; }

    /// <summary>Options of sbatch in the order as written; null where one has no value, as exclusive.</summary>
    internal IReadOnlyList<(string Option, string? Value)> SlurmOptions { get; init; } = [];

    /// <summary>An option of the suite and its values, one for each job of an array; null: one job.</summary>
    internal (string Option, IReadOnlyList<string> Values)? Array { get; init; }

    /// <summary>What srun's option --mpi takes.</summary>
    internal string SlurmMpi { get; init; } = "pmi2";

    /// <summary>Whether the job goes back to the queue when the ranks were stopped, and goes on with the same run.</summary>
    internal bool Requeues { get; init; }

    /// <summary>Environment modules that the script loads.</summary>
    internal IReadOnlyList<string> Modules { get; init; } = [];

    /// <summary>The image that ranks run in; null: none.</summary>
    internal string? Container { get; init; }

    /// <summary>More options of apptainer exec.</summary>
    internal IReadOnlyList<string> ContainerOptions { get; init; } = [];

    /// <summary>The nodes for mpiexec and mpirun; empty: this machine.</summary>
    internal IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>The script for sbatch.</summary>
    internal string ForSlurm()
    {
        // Slurm reads its lines up to the first command; no shell does.
        var text = new StringBuilder("#!/bin/bash\n");
        foreach ((string option, string? value) in AllSlurmOptions())
            text.Append(value is null ? $"#SBATCH --{option}\n" : $"#SBATCH --{option}={SlurmWord(value)}\n");
        return text.Append($$"""

            # Made by "launch". Publish the program once before, to a folder that all nodes see; what follows builds nothing.
            {{LoadModules()}}set -euo pipefail
            cd {{Quote(WorkingFolder)}}
            program={{Quote(Program)}}
            out={{Quote(OutputFolder)}}
            {{ArrayValues()}}
            # Does every node have .NET, and see the program and the run folders?
            mkdir -p "$out"
            mark=$(mktemp "$out/.launch-XXXXXX")
            trap 'rm -f "$mark"' EXIT
            srun --mpi=none --ntasks={{Topology.Nodes}} --ntasks-per-node=1 bash -c '
              fail() { echo "error: $(hostname): $1" >&2; exit 5; }
              program=$1 mark=$2
              shift 2
              [[ -e $mark ]] || fail "${mark%/*} is not the same folder as on the first node: name a shared one with --out"
              [[ $# == 0 ]] || command -v "$1" >/dev/null || fail "no $1: load its module with --module"
              "$@" sh -c "command -v dotnet" >/dev/null || fail "no dotnet: load its module with --module"
              "$@" test -r "$program" || fail "$program is missing: publish to a folder that all nodes share"
            ' check "$program" "$mark"{{string.Concat(InContainer().Select(word => " " + Quote(word)))}}

            # Unbound, so that a rank counts the cores of its node and takes its share. One that ends badly ends the job.
            srun --mpi={{Quote(SlurmMpi)}} --ntasks={{Topology.Ranks}} --ntasks-per-node={{Topology.RanksPerNode}} \
              --cpu-bind=none --kill-on-bad-exit=1 \
              {{Join([.. InContainer(), "dotnet"])}} "$program" {{Join(Arguments)}}{{ArrayArgument()}} --out "$out"
            """.ReplaceLineEndings("\n")).Append(Requeues ? BackToTheQueue() : "\n").ToString();
    }

    /// <summary>The end of the script of a job that is started again: of the line that starts the ranks, and what follows.</summary>
    private string BackToTheQueue() => $$"""
         --run-note "$out/.job-$SLURM_JOB_ID" || code=$?

        # Slurm has said in time that it will end the job: the ranks have saved, and the job's next start goes on with the run of the note.
        if ((${code:=0} == {{Number((int)ExitCode.Stopped)}})); then
          scontrol requeue "{{JobNumber}}"
          exit 0
        fi
        rm -f "$out/.job-$SLURM_JOB_ID"
        exit "$code"

        """.ReplaceLineEndings("\n");

    /// <summary>This job alone: the number of an array's last job is that of the array, too.</summary>
    private string JobNumber => Array is null ? "$SLURM_JOB_ID" : "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID";

    /// <summary>The line for mpiexec, to be called in <see cref="WorkingFolder"/>.</summary>
    internal string ForMpiexec()
    {
        List<string> line = ["mpiexec.mpich", "-n", Number(Topology.Ranks)];
        if (Hosts.Count > 0)
            line.AddRange(["-ppn", Number(Topology.RanksPerNode), "-hosts", string.Join(',', Hosts)]);
        line.AddRange([.. InContainer(), "dotnet", Program, .. Arguments, "--out", OutputFolder]);
        return Join(line) + "\n";
    }

    /// <summary>The line for Open MPI's mpirun, likewise. Unbound, so that a rank takes its share of its node's cores.</summary>
    internal string ForMpirun()
    {
        List<string> line = ["mpirun", "-n", Number(Topology.Ranks), "--bind-to", "none"];
        if (Hosts.Count > 0)
        {
            string slots = $":{Number(Topology.RanksPerNode)}";
            line.AddRange(["--map-by", $"ppr{slots}:node", "--host", string.Join(',', Hosts.Select(host => host + slots))]);
        }
        else
        {
            // To try things out: more ranks than this machine has cores.
            line.AddRange(["--map-by", ":OVERSUBSCRIBE"]);
        }

        line.AddRange([.. InContainer(), "dotnet", Program, .. Arguments, "--out", OutputFolder]);
        return Join(line) + "\n";
    }

    /// <summary>One word of a shell's command line.</summary>
    internal static string Quote(string word) =>
        PlainWord().IsMatch(word) ? word : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>
    /// One word of a line that Slurm reads: as it is, or in double quotes, inside which a backslash takes the meaning from the next character.
    /// </summary>
    private static string SlurmWord(string word) => PlainWord().IsMatch(word)
        ? word
        : $"\"{word.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>Whether an option of sbatch asks for GPUs.</summary>
    private static bool AsksForGpus((string Option, string? Value) option) =>
        option.Option is "gpus" or "gpus-per-node" or "gpus-per-task" or "gpus-per-socket"
            || (option.Option == "gres" && option.Value?.Contains("gpu", StringComparison.Ordinal) == true);

    private IEnumerable<(string Option, string? Value)> AllSlurmOptions() =>
    [
        ("nodes", Number(Topology.Nodes)),
        ("ntasks-per-node", Number(Topology.RanksPerNode)),
        .. UsesGpus && !SlurmOptions.Any(AsksForGpus) ? [("gpus-per-node", Number(Topology.RanksPerNode))] : System.Array.Empty<(string, string?)>(),
        .. Array is var (_, values) ? [("array", $"0-{Number(values.Count - 1)}")] : System.Array.Empty<(string, string?)>(),
        .. Requeues ? s_forRequeue.Where(option => !SlurmOptions.Any(given => given.Option == option.Option)) : [],
        .. SlurmOptions,
    ];

    // Before the shell is strict: a site's own functions need not be. The ranks inherit what they set.
    private string LoadModules() => Modules.Count > 0 ? $"module load {Join(Modules)} || exit {Number((int)ExitCode.Environment)}\n" : "";

    /// <summary>What a command stands behind to run in the container; nothing where there is none.</summary>
    private IEnumerable<string> InContainer() =>
        Container is null ? [] : ["apptainer", "exec", .. UsesGpus ? ["--nv"] : System.Array.Empty<string>(), .. ContainerOptions, Container];

    private string ArrayValues() => Array is var (_, values) ? $"values=({Join(values)})\n" : "";

    /// <summary>The job's own value of the array's option.</summary>
    private string ArrayArgument() => Array is var (option, _) ? $" {option} \"${{values[SLURM_ARRAY_TASK_ID]}}\"" : "";

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Join(IEnumerable<string> words) => string.Join(' ', words.Select(Quote));

    [GeneratedRegex("^[A-Za-z0-9_./:=,+@%-]+$")]
    private static partial Regex PlainWord();
}
