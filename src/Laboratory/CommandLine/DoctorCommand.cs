using System.CommandLine;
using Daso.Cluster;
using Daso.Communication.Mpi;
using Daso.Communication.Nccl;

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
        (string nccl, string? ncclComplaint) = Nccl();
        Write(output, "nccl", nccl);
        (string mpi, string? mpiComplaint) = Mpi();
        Write(output, "mpi", mpi);
        string[] complaints = [.. MachineFacts.Complaints(), .. new[] { ncclComplaint, mpiComplaint }.OfType<string>()];
        output.WriteLine(complaints.Length == 0 ? "nothing is wrong" : "will not work:");
        foreach (string one in complaints)
            output.WriteLine($"  {one}");
    }

    private static void Write(TextWriter output, string name, string fact) => output.WriteLine($"{name.PadRight(NameWidth)} {fact}");

    private static (string Fact, string? Complaint) Nccl()
    {
        try
        {
            return (NcclLibrary.Find(null) is NcclLibrary nccl ? $"{nccl.VersionText}, {nccl.Path}" : MachineFacts.None, null);
        }
        catch (UserErrorException mistake)
        {
            return (MachineFacts.None, $"NCCL: {mistake.Message}");
        }
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
