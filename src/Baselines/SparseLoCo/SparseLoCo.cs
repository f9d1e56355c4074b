using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One worker's side of <see cref="SparseLoCoSpec"/>: every H steps, with θ what all agreed on last, e := decay·e + (θ − x); what is sent of
/// e is taken out of it; θ := θ − η·(what all have sent, averaged), x := θ. The first rank of a node is its worker.
/// </summary>
internal sealed class SparseLoCo : IStrategy
{
    private readonly SparseLoCoSpec _spec;
    private readonly StrategyContext _context;
    private readonly NodeGradients? _node;
    private readonly NodeBroadcast? _share;
    private readonly Worker? _worker;
    private long _steps;

    internal SparseLoCo(SparseLoCoSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _node = spec.InNode(context);
        if (_node is not null)
            _share = new NodeBroadcast(context.Ranks.Node, context.Timer, [context.Replica.Parameters], isSharded: false);
        if (!spec.NodeGradients || context.Ranks.LocalId == 0)
            _worker = new Worker(spec, context);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => _worker?.State ?? [];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        if (++_steps % _spec.Period != 0)
            return;
        _worker?.Synchronise(_context.Timer);
        _share?.Share(onDuty: 0);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_steps);
        _worker?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _steps = reader.ReadInt64();
        _worker?.Load(reader);
    }

    public void Dispose() => _worker?.Dispose();

    /// <summary>What the first rank of a worker has.</summary>
    private sealed class Worker : IDisposable
    {
        private readonly MasterCopy _agreed;
        private readonly FlatTensor _rest;
        private readonly FlatTensor _change;
        private readonly ChunkExchange _exchange;
        private readonly Scalar _decay;
        private readonly Scalar _rate;

        internal Worker(SparseLoCoSpec spec, StrategyContext context)
        {
            FlatTensor parameters = context.Replica.Parameters;
            _agreed = new MasterCopy(parameters, new FlatRange(0, parameters.Length));
            _rest = new FlatTensor(parameters.Length, context.Replica.Device);
            _change = new FlatTensor(parameters.Length, context.Replica.Device);
            _exchange = new ChunkExchange(
                context, spec.NodeGradients ? context.Ranks.Global : context.Ranks.World, spec.Chunks, clipsToMedian: true);
            _decay = ((float)spec.Decay).ToScalar();
            _rate = ((float)-spec.OuterLearningRate).ToScalar();
        }

        internal IReadOnlyList<(string Name, FlatTensor Values)> State => [("agreed", _agreed.Values), ("rest", _rest)];

        internal void Synchronise(StepTimer timer)
        {
            using var _ = no_grad();
            SpanMark start = timer.Mark();
            _agreed.TakePseudoGradient(_change);
            using (Scalar one = 1f.ToScalar())
                _rest.Tensor.mul_(_decay).add_(_change.Tensor, one);
            long bytes = _exchange.Run(_rest, _change);
            SpanMark received = timer.End(SpanKind.GlobalWait, start, bytes, _exchange.LastOperation);
            _agreed.Values.Tensor.add_(_change.Tensor, _rate);
            _agreed.Restore();
            timer.End(SpanKind.Merge, received);
        }

        internal void Save(BinaryWriter writer)
        {
            _agreed.Save(writer);
            _rest.Save(writer);
        }

        internal void Load(BinaryReader reader)
        {
            _agreed.Load(reader);
            _rest.Load(reader);
        }

        public void Dispose()
        {
            _agreed.Dispose();
            _rest.Dispose();
            _change.Dispose();
            _exchange.Dispose();
            _decay.Dispose();
            _rate.Dispose();
        }
    }
}
