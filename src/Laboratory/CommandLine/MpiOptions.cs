using System.CommandLine;
using Daso.Communication.Mpi;

namespace Daso.CommandLine;

/// <summary>The options of every command that can run under MPI.</summary>
internal sealed class MpiOptions
{
    private readonly Option<string?> _library = new("--mpi-library")
    {
        Description = $"File of the MPI library (MPICH's family, Open MPI or libmpi_abi.so). Default: {MpiLibrary.Variable}, else the system's.",
    };

    private readonly Option<AllReduceAlgorithm> _allReduce = new("--all-reduce")
    {
        Description = "Under MPI: Hierarchical (our own, the default) or Library.",
    };

    private readonly Option<bool> _gpuAware = new("--gpu-aware")
    {
        Description = "Under MPI with --device cuda: gives the library, which must take it, the GPUs' memory in place of pinned copies.",
    };

    private readonly Option<string> _cluster = ClusterOption.Create();

    /// <summary>Adds the options to a command.</summary>
    /// <param name="command">The command.</param>
    /// <param name="hasDevice">Whether its ranks may compute on GPUs.</param>
    internal void AddTo(Command command, bool hasDevice)
    {
        command.Add(_cluster);
        command.Add(_library);
        command.Add(_allReduce);
        if (hasDevice)
            command.Add(_gpuAware);
    }

    /// <summary>The file of the library; null: it is searched.</summary>
    internal string? Library(ParseResult parsed) => parsed.GetValue(_library);

    /// <summary>What the user has set about the job.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="limit">The longest wait in one operation.</param>
    /// <param name="requested">Nodes and ranks a node as the user gave them; null: not given.</param>
    internal MpiSettings Settings(ParseResult parsed, TimeSpan limit, (int Nodes, int RanksPerNode)? requested) =>
        new(limit, requested, parsed.GetValue(_allReduce), parsed.GetValue(_gpuAware));

    /// <summary>Refuses what does not go together.</summary>
    /// <exception cref="UserErrorException">GPU memory is asked for and ranks compute on the CPU.</exception>
    internal void Check(ParseResult parsed, string device)
    {
        if (parsed.GetValue(_gpuAware) && device != "cuda")
            throw new UserErrorException($"--gpu-aware: ranks compute on the {device}; take --device cuda or leave it out");
    }
}
