using BenchmarkDotNet.Attributes;
using Perfolizer.Mathematics.OutlierDetection;

namespace Daso.Benchmarks.Micro;

/// <summary>
/// A benchmark beside its limit: a copy in memory that reads and writes as many bytes. The column Ratio is its time over the copy's; 1.25 is
/// 80 % of the machine's bandwidth.
/// </summary>
[InProcess, MemoryDiagnoser, Outliers(OutlierMode.DontRemove)]
public abstract class BesideCopy
{
    private byte[] _source = [];
    private byte[] _target = [];

    /// <summary>As many bytes read and written together as the benchmarks move.</summary>
    [Benchmark(Baseline = true)]
    public void Copy() => _source.AsSpan().CopyTo(_target);

    /// <summary>Says how many bytes the benchmarks read and write together.</summary>
    protected void Moves(long bytes)
    {
        _source = new byte[bytes / 2];
        _target = new byte[bytes / 2];
        // Pages exist once they are written.
        _source.AsSpan().Fill(1);
        _target.AsSpan().Fill(1);
    }

    /// <summary>Numbers near 0 that no format rounds to something special.</summary>
    protected static float[] Numbers(int count)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];
    }
}
