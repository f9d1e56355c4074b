using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Daso.CommandLine;

/// <summary>
/// A process's connection to MPICH's launcher, over which the library says how it ends; for when the library cannot. The protocol is
/// PMI-1 (MPICH's pmi_v1): lines on the socket whose number is in PMI_FD. Other launchers go by exit codes and are told nothing.
/// </summary>
internal static class MpichConnection
{
    private const string Descriptor = "PMI_FD";

    // Set by MPICH's launcher, on every host; Slurm, too, has a PMI_FD, with another protocol.
    private const string Launcher = "MPI_LOCALNRANKS";
    private const int PatienceMs = 1000;

    /// <summary>Whether MPICH's launcher has started this process.</summary>
    internal static bool IsThere => Environment.GetEnvironmentVariable(Launcher) is not null;

    /// <summary>
    /// Says that the process ends in good order. A launcher that hears nothing takes the end of a process that has joined a job for a
    /// crash. Where MPI_Finalize has said it, the connection is closed and nothing happens.
    /// </summary>
    internal static void Finish() => Send("cmd=finalize\n", awaitsAnswer: true);

    /// <summary>Asks the launcher to end the job, as MPI_Abort would.</summary>
    /// <param name="exitCode">The launcher's exit code.</param>
    /// <returns>Whether there was a launcher to ask.</returns>
    internal static bool Abort(int exitCode) =>
        Send(FormattableString.Invariant($"cmd=abort exitcode={exitCode}\n"), awaitsAnswer: false);

    private static bool Send(string message, bool awaitsAnswer)
    {
        if (!IsThere
            || !int.TryParse(Environment.GetEnvironmentVariable(Descriptor), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return false;
        }

        try
        {
            using var socket = new Socket(new SafeSocketHandle(number, ownsHandle: false));
            socket.SendTimeout = socket.ReceiveTimeout = PatienceMs;
            socket.Send(Encoding.ASCII.GetBytes(message));
            if (awaitsAnswer)
                _ = socket.Receive(new byte[64]);
            return true;
        }
        catch (SocketException)
        {
            // The library has said it, or the launcher has gone.
            return false;
        }
    }
}
