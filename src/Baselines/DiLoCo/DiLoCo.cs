using Daso.Models;
using Daso.Recording;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="DiLoCoSpec"/>. With steps counted from 1, fragment (s/(H/P) − 1) mod P is synchronised at the end of step s
/// where s is a multiple of H/P; its exchange has started τ steps before.
/// </summary>
internal sealed class DiLoCo : IStrategy
{
    private readonly DiLoCoSpec _spec;
    private readonly StrategyContext _context;
    private readonly NodeGradients? _node;
    private readonly DiLoCoFragment[] _fragments;
    private readonly int _interval;
    private long _steps;

    internal DiLoCo(DiLoCoSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _interval = spec.Period / spec.Fragments;
        _node = spec.InNode(context);
        _fragments = [.. Cut(context.Replica.ParameterRanges, spec.Fragments).Select(range => new DiLoCoFragment(spec, context, range))];
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State =>
        [.. _fragments.SelectMany((fragment, i) => fragment.State.Select(one => ($"fragment {i} {one.Name}", one.Values)))];

    public void PartReady(int part) => _node?.PartReady(part);

    public void BackwardDone() => _node?.Finish();

    public void OptimizerStepped()
    {
        _steps++;
        if (FragmentDue(_steps + _spec.Delay) is DiLoCoFragment next)
        {
            SpanMark start = _context.Timer.Mark();
            next.Send();
            _context.Timer.End(SpanKind.GlobalSend, start, 0, next.LastOperation);
        }

        if (FragmentDue(_steps) is DiLoCoFragment due)
        {
            SpanMark start = _context.Timer.Mark();
            long bytes = due.Receive();
            SpanMark received = _context.Timer.End(SpanKind.GlobalWait, start, bytes, due.LastOperation);
            due.Merge();
            _context.Timer.End(SpanKind.Merge, received);
        }
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_steps);
        foreach (DiLoCoFragment fragment in _fragments)
            fragment.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _steps = reader.ReadInt64();
        foreach (DiLoCoFragment fragment in _fragments)
            fragment.Load(reader);
    }

    public void Dispose()
    {
        foreach (DiLoCoFragment fragment in _fragments)
            fragment.Dispose();
    }

    /// <summary>Cuts the flat parameters where a parameter begins, as equally as that goes.</summary>
    /// <exception cref="UserErrorException">There are not so many places.</exception>
    internal static IReadOnlyList<FlatRange> Cut(IReadOnlyList<ParameterRange> parameters, int fragments)
    {
        int length = parameters.Count == 0 ? 0 : parameters[^1].Offset + parameters[^1].Length;
        int[] starts = new int[fragments + 1];
        starts[fragments] = length;
        for (int i = 1; i < fragments; i++)
        {
            double wanted = (double)length * i / fragments;
            starts[i] = parameters.Select(parameter => parameter.Offset).MinBy(offset => Math.Abs(offset - wanted));
            if (starts[i] <= starts[i - 1])
                throw new UserErrorException($"DiLoCo with {fragments} fragments: the model cannot be cut into so many; take fewer");
        }

        return [.. Enumerable.Range(0, fragments).Select(i => new FlatRange(starts[i], starts[i + 1] - starts[i]))];
    }

    private DiLoCoFragment? FragmentDue(long step) =>
        step % _interval == 0 ? _fragments[((step / _interval) - 1) % _fragments.Length] : null;
}
