using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="DeMoSpec"/>: δ := decay·δ + γ·g; what is sent of it is taken out; the gradient becomes the sign of the mean
/// of what all have sent.
/// </summary>
internal sealed class DeMo : IStrategy
{
    private readonly DeMoSpec _spec;
    private readonly StrategyContext _context;
    private readonly FlatTensor _gradients;
    private readonly NodeGradients? _node;
    private readonly NodeBroadcast? _share;
    private readonly FlatTensor? _momentum;
    private readonly ChunkExchange? _chunks;
    private readonly StridedExchange? _rows;
    private long _step;

    internal DeMo(DeMoSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _gradients = context.Replica.Gradients;
        if (spec.NodeGradients)
        {
            _node = new NodeGradients(context, spec.BucketBytes);
            _share = new NodeBroadcast(context.Ranks.Node, context.Timer, [_gradients], isSharded: false);
            if (context.Ranks.LocalId != 0)
                return;
        }

        var members = spec.NodeGradients ? context.Ranks.Global : context.Ranks.World;
        _momentum = new FlatTensor(_gradients.Length, context.Replica.Device);
        if (spec.Replication == DeMoReplication.Dct)
            _chunks = new ChunkExchange(context, members, spec.Chunks, clipsToMedian: false);
        else
            _rows = new StridedExchange(spec, context, members);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => _momentum is null ? [] : [("momentum", _momentum)];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone()
    {
        _node?.Finish();
        if (_momentum is not null)
            Exchange(_momentum);
        _step++;
        _share?.Share(onDuty: 0);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        _momentum?.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        _momentum?.Load(reader);
    }

    public void Dispose()
    {
        _momentum?.Dispose();
        _chunks?.Dispose();
        _rows?.Dispose();
    }

    private void Exchange(FlatTensor momentum)
    {
        using var _ = no_grad();
        SpanMark start = _context.Timer.Mark();
        using (Scalar decay = ((float)_spec.Decay).ToScalar(), rate = ((float)_context.Step.LearningRate).ToScalar())
            momentum.Tensor.mul_(decay).add_(_gradients.Tensor, rate);
        long bytes = _chunks?.Run(momentum, _gradients) ?? _rows!.Run(momentum, _gradients, _step);
        SpanMark exchanged = _context.Timer.End(SpanKind.GlobalWait, start, bytes, _chunks?.LastOperation ?? _rows?.LastOperation);
        _gradients.Tensor.sign_();
        _context.Timer.End(SpanKind.Merge, exchanged);
    }
}
