using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="OverlapSgpSpec"/>. Push-sum keeps x and a weight v, and trains z = x/v. Every τ steps a member takes in the
/// half that was given to it τ steps ago and gives half of x and of v to the next peer. All members do so at once, so that v is ½ at all of
/// them once the first message is on its way, and 1 only between taking and giving. In terms of z, with y the peer's z of τ steps ago:
/// every update counts twice, u/v = 2·u, and then every τ steps z := ½·(z + y).
/// </summary>
internal sealed class OverlapSgp : IStrategy
{
    private readonly OverlapSgpSpec _spec;
    private readonly StrategyContext _context;
    private readonly GossipMembers _members;
    private readonly NodeGradients? _node;
    private readonly MasterCopy _before;
    private readonly MasterCopy _given;
    private readonly PeerExchange _peer;
    private readonly Tensor _slice;
    private long _steps;

    internal OverlapSgp(OverlapSgpSpec spec, StrategyContext context)
    {
        FlatTensor parameters = context.Replica.Parameters;
        _spec = spec;
        _context = context;
        _members = new GossipMembers(spec, context);
        _node = spec.InNode(context);
        FlatRange range = _members.Range;
        _before = new MasterCopy(parameters, new FlatRange(0, parameters.Length));
        _given = new MasterCopy(parameters, range);
        _peer = new PeerExchange(_members.Group, _given.Values, new FlatTensor(range.Length, context.Replica.Device), tag: 0, spec.Wire);
        _slice = parameters.Tensor.narrow(0, range.Offset, range.Length).DetachFromDisposeScope();
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State => [("given", _given.Values)];

    /// <summary>Half of all is on its way from the first message on.</summary>
    private bool IsHalfGiven => _steps >= _spec.Delay && _members.Group.Size > 1;

    public void StepStarted(int epoch, int batch) => _before.Set();

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        bool hasMessage = IsHalfGiven;
        if (hasMessage)
            UpdateAgain();
        _steps++;
        if (_members.Group.Size == 1 || _steps % _spec.Delay != 0)
            return;
        if (hasMessage)
            TakeIn();
        SpanMark start = _context.Timer.Mark();
        _given.Set();
        int distance = GossipMembers.Distance((_steps / _spec.Delay) - 1, _members.Group.Size);
        _peer.Start(_members.Group.Rank + distance, _members.Group.Rank - distance);
        _context.Timer.End(SpanKind.GlobalSend, start);
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_steps);
        _peer.Save(writer);
        _peer.Received.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _steps = reader.ReadInt64();
        _peer.Load(reader);
        _peer.Received.Load(reader);
    }

    public void Dispose()
    {
        // A message that is under way stays with its operation: the peer still reads what is given.
        if (!_peer.IsUnderWay)
        {
            _peer.Received.Dispose();
            _given.Dispose();
        }

        _before.Dispose();
        _slice.Dispose();
    }

    /// <summary>z := z + (z − z before the step).</summary>
    private void UpdateAgain()
    {
        using var _ = no_grad();
        using Scalar two = 2f.ToScalar(), minus = (-1f).ToScalar();
        _context.Replica.Parameters.Tensor.mul_(two).add_(_before.Values.Tensor, alpha: minus);
    }

    /// <summary>z := ½·(z + y), of all of the node.</summary>
    private void TakeIn()
    {
        SpanMark start = _context.Timer.Mark();
        long bytes = _peer.Finish();
        SpanMark received = _context.Timer.End(SpanKind.GlobalWait, start, bytes, operation: null);
        using (no_grad())
        using (Scalar half = 0.5f.ToScalar())
            _slice.add_(_peer.Received.Tensor).mul_(half);
        _context.Timer.End(SpanKind.Merge, received);
        _members.Share();
    }
}
