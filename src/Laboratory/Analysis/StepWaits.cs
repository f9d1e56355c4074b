using System.Runtime.InteropServices;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A wait for other ranks, as small as it gets: a long training has millions.</summary>
/// <param name="Group">The operation's group; <see cref="RecordFormat.NoOperation"/>: it was for none in particular.</param>
/// <param name="Sequence">The operation's number in its group.</param>
/// <param name="Ns">How long.</param>
internal readonly record struct Wait(long Group, long Sequence, long Ns)
{
    /// <summary>The operation; null: none in particular.</summary>
    public OperationKey? Key => Group == RecordFormat.NoOperation ? null : new OperationKey(Group, Sequence);
}

/// <summary>A wait inside the node with what came before it in its step.</summary>
/// <param name="Wait">The wait.</param>
/// <param name="ExchangeNs">What the rank spent on exchanges with other nodes before it.</param>
/// <param name="GlobalBefore">Waits for other nodes before it.</param>
internal readonly record struct LocalWait(Wait Wait, long ExchangeNs, int GlobalBefore);

/// <summary>
/// One rank's operations with other ranks, step by step, and the parts of its steps. What follows a step until the next lies outside of
/// both: neither an evaluation nor the strategy's work after the last step of an epoch is part of one.
/// </summary>
internal sealed class StepWaits
{
    private readonly long[] _partsNs = new long[Enum.GetValues<SpanKind>().Length];
    private readonly List<Wait> _global = [];
    private readonly List<LocalWait> _local = [];

    // Of each step, where its operations end in these lists, and all that it spent on exchanges.
    private readonly List<(int Global, int Local, long ExchangeNs)> _steps = [];
    private long _exchangeNs;
    private int _firstGlobal;
    private bool _isInside = true;

    /// <summary>Time inside steps in spans of a kind.</summary>
    public long PartNs(SpanKind kind) => _partsNs[(int)kind];

    /// <summary>Takes up the next span.</summary>
    public void Add(in RecordedSpan span)
    {
        while (_steps.Count < span.Step)
            EndStep();
        if (!_isInside || span.Kind is SpanKind.Evaluation or SpanKind.Checkpoint)
            return;
        _partsNs[(int)span.Kind] += span.DurationNs;
        _isInside = span.Kind != SpanKind.Step;
        if (span.Kind is SpanKind.GlobalSend or SpanKind.GlobalWait or SpanKind.Merge)
            _exchangeNs += span.DurationNs;
        var wait = new Wait(span.Group, span.Sequence, span.DurationNs);
        if (span.Kind == SpanKind.GlobalWait)
            _global.Add(wait);
        else if (span.Kind == SpanKind.LocalSync)
            _local.Add(new LocalWait(wait, _exchangeNs, _global.Count - _firstGlobal));
    }

    /// <summary>The waits for other nodes of a step, in order.</summary>
    public ReadOnlySpan<Wait> Global(int step)
    {
        int first = step == 0 ? 0 : End(step - 1).Global;
        return CollectionsMarshal.AsSpan(_global)[first..End(step).Global];
    }

    /// <summary>The operations inside the node of a step, in order.</summary>
    public ReadOnlySpan<LocalWait> Local(int step)
    {
        int first = step == 0 ? 0 : End(step - 1).Local;
        return CollectionsMarshal.AsSpan(_local)[first..End(step).Local];
    }

    /// <summary>What a step spent on exchanges with other nodes.</summary>
    public long ExchangeNs(int step) => End(step).ExchangeNs;

    /// <summary>The last step is open until the end of the rank's spans; steps after it are empty.</summary>
    private (int Global, int Local, long ExchangeNs) End(int step) => step < _steps.Count
        ? _steps[step]
        : (_global.Count, _local.Count, step == _steps.Count ? _exchangeNs : 0);

    private void EndStep()
    {
        _steps.Add((_global.Count, _local.Count, _exchangeNs));
        _exchangeNs = 0;
        _firstGlobal = _global.Count;
        _isInside = true;
    }
}
