using System.CommandLine;
using System.Runtime.InteropServices;
using Daso.Cluster;
using Daso.Communication.Mpi;

namespace Daso.CommandLine;

/// <summary><c>doctor</c>: what this machine has, and what will not work on it.</summary>
internal static class DoctorCommand
{
    private const int NameWidth = 14;

    internal static Command Create()
    {
        var command = new Command("doctor", "Shows what this machine has for a run, and in a line each what will not work and the mend.");
        command.SetAction(parsed => Show(parsed.InvocationConfiguration.Output));
        return command;
    }

    private static void Show(TextWriter output)
    {
        _ = Devices.ForRanks("cpu"); // loads libtorch, or says why it does not
        foreach ((string name, string fact) in MachineFacts.Detect())
            Write(output, name, fact);
        Write(output, "nccl", Nccl() ?? MachineFacts.None);
        (string mpi, string? complaint) = Mpi();
        Write(output, "mpi", mpi);
        string[] complaints = [.. MachineFacts.Complaints(), .. complaint is null ? Array.Empty<string>() : [complaint]];
        output.WriteLine(complaints.Length == 0 ? "nothing is wrong" : "will not work:");
        foreach (string one in complaints)
            output.WriteLine($"  {one}");
    }

    private static void Write(TextWriter output, string name, string fact) => output.WriteLine($"{name.PadRight(NameWidth)} {fact}");

    /// <summary>The version in NCCL's form: 22809 is 2.28.9 (ncclGetVersion, nccl.h).</summary>
    private static unsafe string? Nccl()
    {
        if (!NativeLibrary.TryLoad("libnccl.so.2", out nint library) || !NativeLibrary.TryGetExport(library, "ncclGetVersion", out nint function))
            return null;
        int version;
        return ((delegate* unmanaged<int*, int>)function)(&version) == 0
            ? FormattableString.Invariant($"{version / 10_000}.{version / 100 % 100}.{version % 100}")
            : null;
    }

    private static (string Fact, string? Complaint) Mpi()
    {
        try
        {
            return (MpiLibrary.Load(null).Path, null);
        }
        catch (UserErrorException mistake)
        {
            return (MachineFacts.None, $"MPI: {mistake.Message}");
        }
    }
}
