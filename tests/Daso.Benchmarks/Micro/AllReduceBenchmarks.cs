using BenchmarkDotNet.Attributes;
using Daso.Cluster;
using Daso.Communication;
using static TorchSharp.torch;

namespace Daso.Benchmarks.Micro;

/// <summary>
/// A sum over ranks that are threads of this process, with nothing emulated, 16 in a row. The limit reads and writes each rank's buffer once,
/// on one core. Starting the threads is in it, too: compare sizes.
/// </summary>
public class AllReduceBenchmarks : BesideCopy
{
    private const int InARow = 16;

    private float[][] _values = [];

    /// <summary>Ranks, on one node.</summary>
    [Params(2, 4, 8)]
    public int Ranks { get; set; }

    /// <summary>Elements of each rank.</summary>
    [Params(1024, 256 * 1024, 4 * 1024 * 1024)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _values = [.. Enumerable.Range(0, Ranks).Select(_ => new float[Elements])];
        Moves(2 * sizeof(float) * (long)Elements * Ranks);
    }

    [Benchmark(OperationsPerInvoke = InARow)]
    public void AllReduce() => new EmbeddedCluster(new Topology(1, Ranks), null, _ => CPU, TimeSpan.FromMinutes(1)).Run(ranks =>
    {
        for (int i = 0; i < InARow; i++)
            ranks.World.AllReduce(_values[ranks.Rank], ReduceOperation.Mean);
    });
}
