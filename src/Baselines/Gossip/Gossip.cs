using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="GossipSpec"/>: with x the parameters before the step, u the optimizer's update and y_j the peers' x, the
/// step leads to x + u + Σ_j w·(y_j − x).
/// </summary>
internal sealed class Gossip : IStrategy
{
    private readonly GossipSpec _spec;
    private readonly StrategyContext _context;
    private readonly ICommunicator _members;
    private readonly NodeGradients? _node;
    private readonly NodeBroadcast? _share;
    private readonly MasterCopy _before;
    private readonly FlatTensor[] _received;
    private readonly PendingOperation[] _pending;
    private readonly Tensor _slice;
    private long _step;
    private int _started;

    internal Gossip(GossipSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        FlatTensor parameters = context.Replica.Parameters;
        var range = new FlatRange(0, parameters.Length);
        _members = context.Ranks.World;
        if (spec.NodeGradients)
        {
            _members = context.Ranks.Global;
            _node = new NodeGradients(context, spec.BucketBytes);
            _share = new NodeBroadcast(context.Ranks.Node, context.Timer, [parameters], isSharded: true);
            range = NodeBroadcast.Slice(parameters.Length, context.Ranks.LocalId, context.Ranks.Topology.RanksPerNode);
        }

        int peers = spec.Topology == GossipTopology.Ring ? 2 : 1;
        _before = new MasterCopy(parameters, range);
        _received = [.. Enumerable.Range(0, peers).Select(_ => new FlatTensor(range.Length, context.Replica.Device))];
        _pending = new PendingOperation[2 * peers];
        _slice = parameters.Tensor.narrow(0, range.Offset, range.Length).DetachFromDisposeScope();
    }

    /// <summary>Starts to give the parameters to the peers and to take theirs.</summary>
    public void StepStarted(int epoch, int batch)
    {
        int count = _members.Size;
        _started = 0;
        if (count == 1)
            return;
        _before.Set();
        int distance = _spec.Topology == GossipTopology.Ring ? 1 : Distance(_step, count);
        Exchange(to: distance, from: -distance, _received[0], tag: 0);
        if (_spec.Topology == GossipTopology.Ring && count > 2)
            Exchange(to: -1, from: 1, _received[1], tag: 1);
    }

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        _step++;
        if (_started == 0)
            return;
        SpanMark start = _context.Timer.Mark();
        long bytes = 0;
        for (int i = 0; i < _started; i++)
            bytes += _pending[i].WaitOnStream();
        SpanMark received = _context.Timer.End(SpanKind.GlobalWait, start, bytes, operation: null);
        int peers = _started / 2;
        using (no_grad())
        using (Scalar weight = (1f / (peers + 1)).ToScalar(), own = (-(float)peers / (peers + 1)).ToScalar())
        {
            for (int i = 0; i < peers; i++)
                _slice.add_(_received[i].Tensor, alpha: weight);
            _slice.add_(_before.Values.Tensor, alpha: own);
        }

        _context.Timer.End(SpanKind.Merge, received);
        _share?.Share(onDuty: 0);
    }

    public void Save(BinaryWriter writer) => writer.Write(_step);

    public void Load(BinaryReader reader) => _step = reader.ReadInt64();

    public void Dispose()
    {
        foreach (FlatTensor received in _received)
            received.Dispose();
        _before.Dispose();
        _slice.Dispose();
    }

    /// <summary>How far on the member is that step t gives to: 1, 2, 4, … below K, and again.</summary>
    internal static int Distance(long step, int members)
    {
        int powers = 1;
        while (1 << powers < members)
            powers++;
        return 1 << (int)(step % powers);
    }

    private void Exchange(int to, int from, FlatTensor received, int tag)
    {
        int count = _members.Size;
        int target = ((_members.Rank + to) % count + count) % count, source = ((_members.Rank + from) % count + count) % count;
        _pending[_started++] = _members.StartReceive(received.All, source, tag, _spec.Wire);
        _pending[_started++] = _members.StartSend(_before.Values.All, target, tag, _spec.Wire);
    }
}
