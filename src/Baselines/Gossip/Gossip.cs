using Daso.Data;
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
    private readonly GossipMembers _members;
    private readonly NodeGradients? _node;
    private readonly MasterCopy _before;
    private readonly PeerExchange[] _peers;
    private readonly Tensor _slice;
    private readonly int[] _order;
    private long _step;

    internal Gossip(GossipSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _members = new GossipMembers(spec, context);
        _node = spec.InNode(context);
        FlatRange range = _members.Range;
        _before = new MasterCopy(context.Replica.Parameters, range);
        _peers = [.. Enumerable.Range(0, spec.Topology == GossipTopology.Ring ? 2 : 1).Select(tag => new PeerExchange(
            _members.Group, _before.Values, new FlatTensor(range.Length, context.Replica.Device), tag, spec.Wire))];
        _slice = context.Replica.Parameters.Tensor.narrow(0, range.Offset, range.Length).DetachFromDisposeScope();
        _order = new int[_members.Group.Size];
    }

    /// <summary>Starts to give the parameters to the peers and to take theirs.</summary>
    public void StepStarted(int epoch, int batch)
    {
        (int me, int count) = (_members.Group.Rank, _members.Group.Size);
        if (count == 1)
            return;
        _before.Set();
        switch (_spec.Topology)
        {
            case GossipTopology.Ring:
                _peers[0].Start(target: me + 1, source: me - 1);
                if (count > 2)
                    _peers[1].Start(target: me - 1, source: me + 1);
                break;
            case GossipTopology.OnePeerExponential:
                int distance = GossipMembers.Distance(_step, count);
                _peers[0].Start(target: me + distance, source: me - distance);
                break;
            case GossipTopology.RandomPairs when Partner(_spec.Seed, _step, me, _order) is int partner:
                _peers[0].Start(partner, partner);
                break;
        }
    }

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        _step++;
        int peers = _peers.Count(peer => peer.IsUnderWay);
        if (peers > 0)
            Mix(peers);
        if (_members.Group.Size > 1)
            _members.Share();
    }

    public void Save(BinaryWriter writer) => writer.Write(_step);

    public void Load(BinaryReader reader) => _step = reader.ReadInt64();

    public void Dispose()
    {
        foreach (PeerExchange peer in _peers)
            peer.Received.Dispose();
        _before.Dispose();
        _slice.Dispose();
    }

    /// <summary>
    /// The member that is drawn to be this one's partner in a step: neighbours in a random order of all are pairs; null: an odd one out.
    /// The same on every rank that has the seed.
    /// </summary>
    /// <param name="seed">Of all steps.</param>
    /// <param name="step">From 0.</param>
    /// <param name="member">Whose.</param>
    /// <param name="order">Scratch, as long as there are members.</param>
    internal static int? Partner(int seed, long step, int member, int[] order)
    {
        for (int i = 0; i < order.Length; i++)
            order[i] = i;
        new SeededRandom(seed, (int)step).Shuffle(order);
        int partner = Array.IndexOf(order, member) ^ 1;
        return partner < order.Length ? order[partner] : null;
    }

    private void Mix(int peers)
    {
        SpanMark start = _context.Timer.Mark();
        long bytes = 0;
        for (int i = 0; i < peers; i++)
            bytes += _peers[i].Finish();
        SpanMark received = _context.Timer.End(SpanKind.GlobalWait, start, bytes, operation: null);
        using (no_grad())
        using (Scalar weight = (1f / (peers + 1)).ToScalar(), own = (-(float)peers / (peers + 1)).ToScalar())
        {
            for (int i = 0; i < peers; i++)
                _slice.add_(_peers[i].Received.Tensor, alpha: weight);
            _slice.add_(_before.Values.Tensor, alpha: own);
        }

        _context.Timer.End(SpanKind.Merge, received);
    }
}
