using System.Runtime.CompilerServices;
using Daso.Communication;

namespace Daso.Tests.Gpu;

/// <summary>A GPU in this process's memory, whose streams run in any order that their markers allow.</summary>
/// <param name="random">Decides what runs next.</param>
internal sealed unsafe class FakeGpu(Random random) : IGpu
{
    private readonly Dictionary<nint, long> _reachedNs = [];
    private readonly List<Queue<(StrongBox<bool>? Needs, Action Run)>> _streams = [new()];
    private readonly List<StrongBox<bool>?> _places = [];
    private readonly Dictionary<nint, StrongBox<bool>> _blocks = [];

    public nint ComputeStream => 0;

    public nint CreateStream()
    {
        _streams.Add(new());
        return _streams.Count - 1;
    }

    public void DestroyStream(nint stream)
    {
        while (_streams[(int)stream].Count > 0)
            RunOne();
    }

    public nint CreateMarker()
    {
        _places.Add(null);
        return _places.Count - 1;
    }

    public nint CreateTimedMarker() => CreateMarker();

    public void DestroyMarker(nint marker) => Assert.True(_places[(int)marker] is not { Value: false });

    public void Mark(nint marker, nint stream)
    {
        var place = new StrongBox<bool>(false);
        _places[(int)marker] = place;
        _streams[(int)stream].Enqueue((null, () =>
        {
            place.Value = true;
            _reachedNs[marker] = NowNs;
        }
        ));
    }

    public void WaitFor(nint marker, nint stream) => _streams[(int)stream].Enqueue((_places[(int)marker], () => { }));

    public void Copy(nint target, nint source, nuint bytes, nint stream) => _streams[(int)stream].Enqueue(
        (null, () => Buffer.MemoryCopy((void*)source, (void*)target, (long)bytes, (long)bytes)));

    public void Compute(nint stream, Action work) => _streams[(int)stream].Enqueue((null, work));

    public bool IsReached(nint marker)
    {
        if (RunsWhenAsked && _streams.Any(stream => stream.Count > 0))
            RunOne();
        return _places[(int)marker] is not { Value: false };
    }

    public long ElapsedNs(nint from, nint to) => _reachedNs[to] - _reachedNs[from];

    /// <summary>Whether some work is done whenever a marker is asked for, so that waiting ends.</summary>
    internal bool RunsWhenAsked { get; set; }

    /// <summary>The device's clock.</summary>
    internal long NowNs { get; private set; }

    /// <summary>Queues a computation that takes a while.</summary>
    internal void Compute(long durationNs) => Compute(() => NowNs += durationNs);

    /// <summary>Queues a computation.</summary>
    internal void Compute(Action run) => Compute(ComputeStream, run);

    /// <summary>Holds a stream up until <see cref="Unblock"/>.</summary>
    internal void Block(nint stream)
    {
        _blocks[stream] = new StrongBox<bool>(false);
        _streams[(int)stream].Enqueue((_blocks[stream], () => { }));
    }

    /// <summary>Lets a stream go on.</summary>
    internal void Unblock(nint stream) => _blocks[stream].Value = true;

    /// <summary>Lets some stream do its next work.</summary>
    internal void RunOne()
    {
        Queue<(StrongBox<bool>? Needs, Action Run)>[] ready = [.. Ready()];
        ready[random.Next(ready.Length)].Dequeue().Run();
    }

    /// <summary>Lets all streams do what they can without those that are held up.</summary>
    internal void RunWhatCan()
    {
        while (Ready().Any())
            RunOne();
    }

    /// <summary>Lets all streams do all their work.</summary>
    internal void RunAll()
    {
        while (_streams.Any(stream => stream.Count > 0))
            RunOne();
    }

    private IEnumerable<Queue<(StrongBox<bool>? Needs, Action Run)>> Ready() =>
        _streams.Where(stream => stream.TryPeek(out (StrongBox<bool>? Needs, Action Run) next) && next.Needs is not { Value: false });
}
