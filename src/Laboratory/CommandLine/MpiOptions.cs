using System.CommandLine;
using Daso.Communication;
using Daso.Communication.Mpi;
using Daso.Communication.Nccl;

namespace Daso.CommandLine;

/// <summary>The options of every command that can run under MPI.</summary>
internal sealed class MpiOptions
{
    private const string Auto = "auto";

    private readonly Option<string?> _library = new("--mpi-library")
    {
        Description = $"File of the MPI library (MPICH's family, Open MPI or libmpi_abi.so). Default: {MpiLibrary.Variable}, else the system's.",
    };

    private readonly Option<AllReduceAlgorithm> _allReduce = new("--all-reduce")
    {
        Description = "Under MPI: Hierarchical (our own, the default) or Library.",
    };

    private readonly Option<string?> _nccl = new("--nccl-library")
    {
        Description = $"File of NCCL under mpiexec or srun with --device cuda. Default: {NcclLibrary.Variable}, else the system's or PyTorch's.",
    };

    private readonly Option<string> _intra = ChoiceOption.Of(
        "--intra-node", "Under MPI with --device cuda: who adds up GPU memory inside a node; auto: the best that there is.", Auto, "nccl", "host");

    private readonly Option<string> _inter = ChoiceOption.Of(
        "--inter-node",
        "Under MPI with --device cuda: who adds up GPU memory between nodes; auto: the best that there is.",
        Auto,
        "nccl",
        "mpi",
        "gpu-aware-mpi");

    private readonly Option<string> _cluster = ClusterOption.Create();

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="hasDevice">Whether its ranks may compute on GPUs.</param>
    internal void AddTo(Command command, bool hasDevice)
    {
        command.Add(_cluster);
        command.Add(_library);
        command.Add(_allReduce);
        if (!hasDevice)
            return;
        command.Add(_nccl);
        command.Add(_intra);
        command.Add(_inter);
    }

    /// <summary>The file of the library; null: it is searched.</summary>
    internal string? Library(ParseResult parsed) => parsed.GetValue(_library);

    /// <summary>What the user has set about the job.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="limit">The longest wait in one operation.</param>
    /// <param name="requested">Nodes and ranks a node as the user gave them; null: not given.</param>
    internal MpiSettings Settings(ParseResult parsed, TimeSpan limit, (int Nodes, int RanksPerNode)? requested) =>
        new(limit, requested, parsed.GetValue(_allReduce), IntraOf(parsed), InterOf(parsed), parsed.GetValue(_nccl));

    /// <summary>Refuses what does not go together.</summary>
    /// <exception cref="UserErrorException">Something about GPU memory is asked for and ranks compute on the CPU.</exception>
    internal void Check(ParseResult parsed, string device)
    {
        if (device == "cuda")
            return;
        string? given = parsed.GetValue(_nccl) is string file ? $"{_nccl.Name} {file}"
            : IntraOf(parsed) is not null ? $"{_intra.Name} {parsed.GetValue(_intra)}"
            : InterOf(parsed) is not null ? $"{_inter.Name} {parsed.GetValue(_inter)}"
            : null;
        if (given is not null)
            throw new UserErrorException($"{given}: ranks compute on the {device}; take --device cuda or leave it out");
    }

    private IntraNode? IntraOf(ParseResult parsed) => parsed.GetValue(_intra) switch
    {
        "nccl" => IntraNode.Nccl,
        "host" => IntraNode.Host,
        _ => null,
    };

    private InterNode? InterOf(ParseResult parsed) => parsed.GetValue(_inter) switch
    {
        "nccl" => InterNode.Nccl,
        "mpi" => InterNode.Mpi,
        "gpu-aware-mpi" => InterNode.GpuAwareMpi,
        _ => null,
    };
}
