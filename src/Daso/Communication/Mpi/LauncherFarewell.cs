using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Daso.Communication.Mpi;

/// <summary>
/// Tells the launcher that this process ends in good order where MPI_Finalize, which would, does not return. A launcher that hears nothing
/// takes the end for a crash and kills the others. The wire protocol is that of PMI-1 (MPICH's pmi_v1): a line each way on the socket whose
/// number is in PMI_FD. Slurm watches exit codes instead.
/// </summary>
internal static class LauncherFarewell
{
    private const int PatienceMs = 1000;

    /// <summary>Says it, if there is a launcher of this protocol that does not know yet.</summary>
    internal static void Say()
    {
        if (!int.TryParse(Environment.GetEnvironmentVariable("PMI_FD"), NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return;
        try
        {
            using var socket = new Socket(new SafeSocketHandle(number, ownsHandle: false));
            socket.SendTimeout = socket.ReceiveTimeout = PatienceMs;
            socket.Send(Encoding.ASCII.GetBytes("cmd=finalize\n"));
            byte[] answer = new byte[64];
            _ = socket.Receive(answer);
        }
        catch (SocketException)
        {
            // MPI_Finalize has said it, or the launcher has gone.
        }
    }
}
