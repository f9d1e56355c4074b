using System.Runtime.InteropServices;
using Daso.Cluster;
using Daso.Models;
using Daso.Optimization;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Tests.Strategies;

/// <summary>One rank that trains the tiny replica with SGD on gradients that differ by rank, step and element.</summary>
internal sealed class TinyRank : IRecorder, IDisposable
{
    private readonly RankContext _ranks;
    private readonly int _stepsPerEpoch;

    internal TinyRank(DasoSpec spec, RankContext ranks, int epochs, int stepsPerEpoch)
    {
        _ranks = ranks;
        _stepsPerEpoch = stepsPerEpoch;
        Optimizer = new SgdSpec(Momentum: 0.9, WeightDecay: 0).Create(Replica.Parameters, Replica.Gradients);
        Strategy = spec.Create(new StrategyContext(ranks, Replica, Optimizer, new StepTimer(this), epochs, stepsPerEpoch));
    }

    public long NowNs => 0;

    internal int Rank => _ranks.Rank;

    internal Replica Replica { get; } = TinyReplica.Create();

    internal IOptimizer Optimizer { get; }

    internal IStrategy Strategy { get; }

    /// <summary>Bytes booked on this rank so far.</summary>
    internal long Bytes { get; private set; }

    /// <summary>The steps of exchanges that this rank has recorded.</summary>
    internal List<double> Metrics { get; } = [];

    /// <summary>Trains steps [from, to), numbered over all epochs; the loss of every epoch is 1.</summary>
    internal void Train(int from, int to)
    {
        for (int step = from; step < to; step++)
        {
            Strategy.StepStarted(step / _stepsPerEpoch, step % _stepsPerEpoch);
            Span<float> gradients = Replica.Gradients.Host.Span;
            for (int i = 0; i < gradients.Length; i++)
                gradients[i] = MathF.Sin((17 * step) + (5 * _ranks.Rank) + (3 * i));
            Strategy.PartReady(1);
            Strategy.BackwardDone();
            Optimizer.Step(0.01);
            Strategy.OptimizerStepped();
            if ((step + 1) % _stepsPerEpoch == 0)
                Strategy.EpochEnded(1);
        }
    }

    /// <summary>Everything that a checkpoint of this rank holds.</summary>
    internal byte[] Save()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        Replica.Parameters.Save(writer);
        foreach ((_, FlatTensor values) in Optimizer.State)
            values.Save(writer);
        Strategy.Save(writer);
        return stream.ToArray();
    }

    internal void Load(byte[] state)
    {
        using var reader = new BinaryReader(new MemoryStream(state));
        Replica.Parameters.Load(reader);
        foreach ((_, FlatTensor values) in Optimizer.State)
            values.Load(reader);
        Strategy.Load(reader);
        Assert.Equal(reader.BaseStream.Length, reader.BaseStream.Position);
    }

    /// <summary>The parameters' bits.</summary>
    internal byte[] Bits() => MemoryMarshal.AsBytes(Replica.Parameters.Host.Span).ToArray();

    public void MoveTo(int epoch, int step)
    {
    }

    public void Span(SpanKind kind, long startNs, long durationNs, long bytes = 0, OperationKey? operation = null) => Bytes += bytes;

    public void Metric(string name, double value)
    {
        if (name == MetricNames.ExchangeSteps)
            Metrics.Add(value);
    }

    public void EndStep()
    {
    }

    public void Dispose()
    {
        Strategy.Dispose();
        Optimizer.Dispose();
        Replica.Dispose();
    }
}
