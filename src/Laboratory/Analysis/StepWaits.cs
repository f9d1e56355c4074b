using System.Runtime.InteropServices;
using Daso.Recording;

namespace Daso.Analysis;

/// <summary>A local operation with what came before it in its step.</summary>
/// <param name="WaitNs">What it took.</param>
/// <param name="ExchangeNs">What the rank spent on exchanges with other nodes before it, in the same step.</param>
/// <param name="GlobalBefore">Operations with other nodes before it, in the same step.</param>
internal readonly record struct LocalOperation(long WaitNs, long ExchangeNs, int GlobalBefore);

/// <summary>
/// One rank's operations with other ranks, step by step, and the parts of its steps. What follows a step until the next lies outside of
/// both: neither an evaluation nor the strategy's work after the last step of an epoch is part of one.
/// </summary>
internal sealed class StepWaits
{
    private readonly long[] _partsNs = new long[Enum.GetValues<SpanKind>().Length];
    private readonly List<long> _globalNs = [];
    private readonly List<LocalOperation> _local = [];

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
        if (span.Kind == SpanKind.GlobalWait)
            _globalNs.Add(span.DurationNs);
        else if (span.Kind == SpanKind.LocalSync)
            _local.Add(new LocalOperation(span.DurationNs, _exchangeNs, _globalNs.Count - _firstGlobal));
    }

    /// <summary>The waits for other nodes of a step, in order.</summary>
    public ReadOnlySpan<long> GlobalNs(int step)
    {
        int first = step == 0 ? 0 : End(step - 1).Global;
        return CollectionsMarshal.AsSpan(_globalNs)[first..End(step).Global];
    }

    /// <summary>The operations inside the node of a step, in order.</summary>
    public ReadOnlySpan<LocalOperation> Local(int step)
    {
        int first = step == 0 ? 0 : End(step - 1).Local;
        return CollectionsMarshal.AsSpan(_local)[first..End(step).Local];
    }

    /// <summary>What a step spent on exchanges with other nodes.</summary>
    public long ExchangeNs(int step) => End(step).ExchangeNs;

    /// <summary>The last step is open until the end of the rank's spans; steps after it are empty.</summary>
    private (int Global, int Local, long ExchangeNs) End(int step) => step < _steps.Count
        ? _steps[step]
        : (_globalNs.Count, _local.Count, step == _steps.Count ? _exchangeNs : 0);

    private void EndStep()
    {
        _steps.Add((_globalNs.Count, _local.Count, _exchangeNs));
        _exchangeNs = 0;
        _firstGlobal = _globalNs.Count;
        _isInside = true;
    }
}
