using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="OneBitAdamSpec"/>. With the mean gradient g at first: m := β₁·m + (1 − β₁)·g, v := β₂·v + (1 − β₂)·g².
/// Then with the rank's own g_i: m := mean₁(β₁·m + (1 − β₁)·g_i), at one bit, and v stays. The gradient becomes m/(√v + ε).
/// </summary>
internal sealed class OneBitAdam : IStrategy
{
    private readonly OneBitAdamSpec _spec;
    private readonly StrategyContext _context;
    private readonly FlatTensor _gradients;
    private readonly GradientAverager _whole;
    private readonly OneBitAverage _average;
    private readonly AdamMoments _moments;
    private long _step;

    internal OneBitAdam(OneBitAdamSpec spec, StrategyContext context)
    {
        _spec = spec;
        _context = context;
        _gradients = context.Replica.Gradients;
        _whole = new GradientAverager(context.Replica, context.Ranks.World, spec.BucketBytes, Math.Min(1 << 20, spec.BucketBytes));
        _average = new OneBitAverage(context.Replica.ParameterRanges, context.Ranks.World);
        _moments = new AdamMoments(_gradients.Length, context.Replica.Device, spec.Beta1, spec.Beta2, spec.Epsilon);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State =>
    [
        ("mean", _moments.Mean), ("square", _moments.Square),
        ("worker rest", _average.WorkerRest), ("server rest", _average.ServerRest),
    ];

    private bool IsFrozen => _step >= _spec.FreezeSteps;

    public void PartReady(int part)
    {
        if (!IsFrozen)
            _whole.PartReady(part);
    }

    public void BackwardDone()
    {
        using var _ = no_grad();
        SpanMark start = _context.Timer.Mark();
        if (IsFrozen)
        {
            _moments.AddToMean(_gradients);
            long bytes = _average.Run(_moments.Mean);
            start = _context.Timer.End(SpanKind.GlobalWait, start, bytes, _average.LastOperation);
        }
        else
        {
            long bytes = _whole.Finish();
            start = _context.Timer.End(SpanKind.GlobalWait, start, bytes, _whole.LastOperation);
            _moments.AddToMean(_gradients);
            _moments.AddToSquare(_gradients);
        }

        _moments.Direct(_gradients);
        _context.Timer.End(SpanKind.Merge, start);
        _step++;
    }

    public void Save(BinaryWriter writer)
    {
        writer.Write(_step);
        _moments.Save(writer);
        _average.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _step = reader.ReadInt64();
        _moments.Load(reader);
        _average.Load(reader);
    }

    public void Dispose()
    {
        _moments.Dispose();
        _average.Dispose();
    }
}
