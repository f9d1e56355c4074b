using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// One rank's side of <see cref="ZeroOneAdamSpec"/>. The gradient becomes m/(√v + ε), with m of the mean gradient before the freeze and of
/// the rank's own after it. At a synchronisation, with x̄ the parameters at the last one and γ the learning rates since added up:
/// u := mean₁((x − x̄)·(√v + ε)), m := −u/γ, x := x̄ + u/(√v + ε).
/// </summary>
internal sealed class ZeroOneAdam : IStrategy
{
    private readonly StrategyContext _context;
    private readonly FlatTensor _gradients;
    private readonly GradientAverager _whole;
    private readonly OneBitAverage _average;
    private readonly AdamMoments _moments;
    private readonly MasterCopy _agreed;
    private readonly FlatTensor _change;
    private readonly ZeroOneSchedule _schedule;
    private double _rates;

    internal ZeroOneAdam(ZeroOneAdamSpec spec, StrategyContext context)
    {
        FlatTensor parameters = context.Replica.Parameters;
        _context = context;
        _gradients = context.Replica.Gradients;
        _whole = new GradientAverager(context.Replica, context.Ranks.World, spec.BucketBytes, Math.Min(1 << 20, spec.BucketBytes));
        _average = new OneBitAverage(context.Replica.ParameterRanges, context.Ranks.World);
        _moments = new AdamMoments(parameters.Length, context.Replica.Device, spec.Beta1, spec.Beta2, spec.Epsilon);
        _agreed = new MasterCopy(parameters, new FlatRange(0, parameters.Length));
        _change = new FlatTensor(parameters.Length, context.Replica.Device);
        _schedule = new ZeroOneSchedule(spec);
    }

    public IReadOnlyList<(string Name, FlatTensor Values)> State =>
    [
        ("mean", _moments.Mean), ("square", _moments.Square), ("agreed", _agreed.Values),
        ("worker rest", _average.WorkerRest), ("server rest", _average.ServerRest),
    ];

    public void PartReady(int part)
    {
        if (_schedule.Action == ZeroOneAction.WholeGradient)
            _whole.PartReady(part);
    }

    public void BackwardDone()
    {
        using var _ = no_grad();
        SpanMark start = _context.Timer.Mark();
        switch (_schedule.Action)
        {
            case ZeroOneAction.WholeGradient:
                long whole = _whole.Finish();
                start = _context.Timer.End(SpanKind.GlobalWait, start, whole, _whole.LastOperation);
                _moments.AddToSquare(_gradients);
                break;
            case ZeroOneAction.OneBitGradient:
                long signs = _average.Run(_gradients);
                start = _context.Timer.End(SpanKind.GlobalWait, start, signs, _average.LastOperation);
                break;
            default:
                _rates += _context.Step.LearningRate;
                break;
        }

        _moments.AddToMean(_gradients);
        _moments.Direct(_gradients);
        _context.Timer.End(SpanKind.Merge, start);
    }

    public void OptimizerStepped()
    {
        if (_schedule.Action == ZeroOneAction.Synchronise)
            Synchronise();
        bool wasFrozen = _schedule.IsFrozen;
        _schedule.Advance();
        if (wasFrozen || !_schedule.IsFrozen)
            return;
        // From here on other numbers are averaged: what those before have left is none of theirs.
        _average.Reset();
        _agreed.Set();
    }

    public void Save(BinaryWriter writer)
    {
        _schedule.Save(writer);
        writer.Write(_rates);
        _moments.Save(writer);
        _average.Save(writer);
        _agreed.Save(writer);
    }

    public void Load(BinaryReader reader)
    {
        _schedule.Load(reader);
        _rates = reader.ReadDouble();
        _moments.Load(reader);
        _average.Load(reader);
        _agreed.Load(reader);
    }

    public void Dispose()
    {
        _moments.Dispose();
        _average.Dispose();
        _agreed.Dispose();
        _change.Dispose();
    }

    private void Synchronise()
    {
        using var _ = no_grad();
        SpanMark start = _context.Timer.Mark();
        using Tensor root = _moments.Root();
        _agreed.TakeChange(_change);
        _change.Tensor.mul_(root);
        SpanMark packed = _context.Timer.End(SpanKind.GlobalSend, start);
        long bytes = _average.Run(_change);
        SpanMark averaged = _context.Timer.End(SpanKind.GlobalWait, packed, bytes, _average.LastOperation);
        if (_rates > 0)
        {
            using Scalar share = ((float)(-1 / _rates)).ToScalar();
            _moments.Mean.Tensor.copy_(_change.Tensor).mul_(share);
        }

        _agreed.Restore();
        using (Scalar one = 1f.ToScalar())
            _context.Replica.Parameters.Tensor.addcdiv_(_change.Tensor, root, one);
        _agreed.Set();
        _rates = 0;
        _context.Timer.End(SpanKind.Merge, averaged);
    }
}
