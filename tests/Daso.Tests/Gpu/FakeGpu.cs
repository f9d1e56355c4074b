using System.Runtime.CompilerServices;
using Daso.Gpu;

namespace Daso.Tests.Gpu;

/// <summary>A GPU in this process's memory, whose streams run in any order that their markers allow.</summary>
internal sealed unsafe class FakeGpu(Random random) : IGpu
{
    private readonly List<Queue<(StrongBox<bool>? Needs, Action Run)>> _streams = [new()];
    private readonly List<StrongBox<bool>?> _places = [];

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

    public void DestroyMarker(nint marker) => Assert.True(IsReached(marker));

    public void Mark(nint marker, nint stream)
    {
        var place = new StrongBox<bool>(false);
        _places[(int)marker] = place;
        _streams[(int)stream].Enqueue((null, () => place.Value = true));
    }

    public void WaitFor(nint marker, nint stream) => _streams[(int)stream].Enqueue((_places[(int)marker], () => { }));

    public void Copy(nint target, nint source, nuint bytes, nint stream) => _streams[(int)stream].Enqueue(
        (null, () => Buffer.MemoryCopy((void*)source, (void*)target, (long)bytes, (long)bytes)));

    public bool IsReached(nint marker) => _places[(int)marker] is not { Value: false };

    /// <summary>Queues a computation.</summary>
    internal void Compute(Action run) => _streams[(int)IGpu.ComputeStream].Enqueue((null, run));

    /// <summary>Lets some stream do its next work.</summary>
    internal void RunOne()
    {
        Queue<(StrongBox<bool>? Needs, Action Run)>[] ready =
            [.. _streams.Where(stream => stream.TryPeek(out (StrongBox<bool>? Needs, Action Run) next) && next.Needs is not { Value: false })];
        ready[random.Next(ready.Length)].Dequeue().Run();
    }

    /// <summary>Lets all streams do all their work.</summary>
    internal void RunAll()
    {
        while (_streams.Any(stream => stream.Count > 0))
            RunOne();
    }
}
