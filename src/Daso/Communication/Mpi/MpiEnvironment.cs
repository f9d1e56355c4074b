using System.Runtime.InteropServices;
using MPI;

namespace Daso.Communication.Mpi;

/// <summary>
/// MPI's start and end in this process: by MPI.NET where its handles fit the library (MPICH's family), else by the library's own functions.
/// </summary>
internal sealed class MpiEnvironment : IDisposable
{
    private readonly MpiLibrary _library;
    private readonly MPI.Environment? _net;

    /// <summary>Starts MPI.</summary>
    /// <param name="library">The library.</param>
    internal MpiEnvironment(MpiLibrary library)
    {
        _library = library;
        if (!library.Binary.FitsMpiNet)
        {
            IsThreadMultiple = library.Initialize() >= library.Binary.ThreadMultiple;
            return;
        }

        NativeLibrary.SetDllImportResolver(typeof(MPI.Environment).Assembly, (_, _, _) => library.Module);
        string[] none = [];
        _net = new MPI.Environment(ref none, Threading.Multiple);
        IsThreadMultiple = MPI.Environment.Threading >= Threading.Multiple;
    }

    /// <summary>Whether all threads may call the library at any time (MPI_THREAD_MULTIPLE).</summary>
    internal bool IsThreadMultiple { get; }

    /// <summary>Ends all processes of the job.</summary>
    /// <param name="library">The library.</param>
    /// <param name="code">Their exit code.</param>
    internal static void Abort(MpiLibrary library, int code)
    {
        if (library.Binary.FitsMpiNet)
            MPI.Environment.Abort(code);
        else
            library.Abort(code);
    }

    /// <summary>Calls MPI_Finalize.</summary>
    public void Dispose()
    {
        if (_net is null)
            _library.Complete();
        else
            _net.Dispose();
    }
}
