using BenchmarkDotNet.Attributes;
using Daso.Models;
using Daso.Optimization;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Benchmarks.Micro;

/// <summary>
/// DASO's merge, x := a·x + b·Σ, on flat buffers. The limit reads x and the sum once and writes x once; the merge multiplies first and adds
/// then, each over the whole buffer.
/// </summary>
public class MergeBenchmarks : BesideCopy
{
    private FlatTensor _local = null!;
    private FlatTensor _sum = null!;
    private Scalar _own = null!;
    private Scalar _share = null!;

    /// <summary>Parameters.</summary>
    [Params(3_300_000, 11_200_000)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        set_num_threads(1);
        _local = new FlatTensor(Elements, CPU);
        _sum = new FlatTensor(Elements, CPU);
        _own = (2 / 4f).ToScalar();
        _share = (1 / 4f).ToScalar();
        Moves(3 * sizeof(float) * (long)Elements);
    }

    [Benchmark]
    public void Merge()
    {
        using var _ = no_grad();
        _local.Tensor.mul_(_own).add_(_sum.Tensor, alpha: _share);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _local.Dispose();
        _sum.Dispose();
        _own.Dispose();
        _share.Dispose();
    }
}

/// <summary>One update on flat buffers, which zeroes the gradients: reads and writes parameters, gradients and state once each.</summary>
public class OptimizerBenchmarks : BesideCopy
{
    private FlatTensor _parameters = null!;
    private FlatTensor _gradients = null!;
    private IOptimizer _optimizer = null!;

    /// <summary>Which.</summary>
    [Params("sgd", "adamw")]
    public string Optimizer { get; set; } = "";

    /// <summary>Parameters.</summary>
    [Params(3_300_000, 11_200_000)]
    public int Elements { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        set_num_threads(1);
        _parameters = new FlatTensor(Elements, CPU);
        _gradients = new FlatTensor(Elements, CPU);
        OptimizerSpec spec = Optimizer == "sgd" ? new SgdSpec(Momentum: 0.9, WeightDecay: 1e-4) : new AdamWSpec();
        _optimizer = spec.Create(_parameters, _gradients);
        Moves((2 + _optimizer.State.Count) * 2 * sizeof(float) * (long)Elements);
    }

    [Benchmark]
    public void Step() => _optimizer.Step(0.01);

    [GlobalCleanup]
    public void Dispose()
    {
        _optimizer.Dispose();
        _parameters.Dispose();
        _gradients.Dispose();
    }
}
