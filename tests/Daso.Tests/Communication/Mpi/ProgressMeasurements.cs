using System.Diagnostics;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Daso.Analysis;
using Daso.Communication;
using Daso.Communication.Mpi;
using Threading = MPI.Threading;

namespace Daso.Tests.Communication.Mpi;

/// <summary>
/// How well an all-reduce between two nodes hides behind computing, by our communication thread and by the library's own progress thread.
/// Measurements, run by hand in 2 × 2 processes (docs/communication.md); they print and check nothing.
/// </summary>
public class ProgressMeasurements
{
    private const int Elements = 13 << 18; // 13 MiB
    private const int Rounds = 7;

    /// <summary>Our communication thread carries out our collective.</summary>
    [Fact(Explicit = true)]
    public void Own_thread() => MpiProcesses.TakePart(ranks =>
    {
        float[] values = new float[Elements];
        PendingOperation operation = default;
        Measure(
            ranks.Rank,
            ranks.World.Barrier,
            () => operation = ranks.Global.StartAllReduce(values, ReduceOperation.Sum),
            () => operation.Wait());
    });

    /// <summary>The library alone: with MPIR_CVAR_ASYNC_PROGRESS=1 its thread makes progress, else nobody while the rank computes.</summary>
    [Fact(Explicit = true)]
    public unsafe void Librarys_thread()
    {
        MpiLibrary library = MpiLibrary.Load(null);
        NativeLibrary.SetDllImportResolver(typeof(MPI.Environment).Assembly, (_, _, _) => library.Module);
        string[] none = [];
        using var environment = new MPI.Environment(ref none, Threading.Multiple);
        nint world = library.Binary.World;
        int rank = library.RankIn(world);
        nint global = library.Split(world, rank % 2, rank);
        float* values = (float*)NativeMemory.AllocZeroed(Elements, sizeof(float));
        nint request = 0;
        Measure(
            rank,
            () => library.Barrier(world),
            () => request = library.AllReduce(values, Elements, library.Binary.Sum, global),
            () =>
            {
                while (!library.IsDone(ref request))
                    Thread.Yield();
            });
        library.Barrier(world);
    }

    private static void Measure(int rank, Action barrier, Action start, Action wait)
    {
        var blocking = new List<double>();
        var alone = new List<double>();
        var beside = new List<double>();
        var waits = new List<double>();
        for (int round = 0; round < Rounds; round++)
        {
            barrier();
            blocking.Add(Time(() =>
            {
                start();
                wait();
            }));
            int work = (int)(2 * blocking[^1] * 1000);
            barrier();
            alone.Add(Time(() => Compute(work)));
            barrier();
            start();
            beside.Add(Time(() => Compute(work)));
            waits.Add(Time(wait));
        }

        double slowdown = Statistics.Median([.. beside.Zip(alone, (with, without) => with / without)]);
        if (rank == 0)
        {
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"blocking {Statistics.Median([.. blocking]):0.0} ms; beside computing: waited {Statistics.Median([.. waits]):0.0} ms, computing took {slowdown:0.00} times as long"));
        }
    }

    /// <summary>About <paramref name="units"/> × 1 µs … a few µs of arithmetic in one core's cache.</summary>
    private static void Compute(int units)
    {
        Span<float> values = stackalloc float[4096];
        values.Clear();
        for (int unit = 0; unit < units; unit++)
            TensorPrimitives.MultiplyAdd(values, 0.5f, values, values);
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }
}
