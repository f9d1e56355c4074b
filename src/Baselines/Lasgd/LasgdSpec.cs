using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Baselines;

/// <summary>
/// LASGD, local asynchronous SGD (Avidor and Tal-Israel, arXiv 2203.13085), as far as its abstract says it: asynchronous, decentralised,
/// synchronised by exact all-reduces. How is ours: every few steps one is started, and what workers have done meanwhile is kept when it
/// ends. docs/strategies/lasgd.md.
/// </summary>
[Specification("lasgd")]
public sealed partial record LasgdSpec : WorkerSpec
{
    /// <summary>H: steps from the start of one all-reduce to that of the next.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 4;

    /// <summary>τ: steps that it may take; at most H. 0: it is waited for at once, which is local SGD.</summary>
    [AtLeast(0)]
    public int Delay { get; init; } = 4;

    /// <summary>How parameters travel.</summary>
    public WireFormat Wire { get; init; } = WireFormat.Float32;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Period = Math.Min(Period, 2), Delay = Math.Min(Delay, 1) };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("parameters", StrategyPolicy.Own, StrategyPolicy.Own, "8·n");

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new Lasgd(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var average = new ProgramExchange(ProgramGroup.World, scope.Elements, Wire);
        if (Delay == 0)
            return [StepProgram.Periodic(TrafficInNode, Period, step => step == Period - 1 ? average : null)];
        var actions = Enumerable.Range(0, Period).Select(_ => new List<ProgramAction>()).ToArray();
        actions[(Delay - 1) % Period].Add(new(ProgramActionKind.Wait, average, Delay: Delay));
        actions[Period - 1].Add(new(ProgramActionKind.Start, average));
        return [new StepProgram { Gradients = TrafficInNode, Steps = [.. actions.Select(all => new ProgramStep(NodeGradients, all))] }];
    }

    partial void ValidateTogether()
    {
        if (Delay > Period)
            throw new UserErrorException($"LASGD with {nameof(Delay)} {Delay}: one all-reduce ends before the next begins, {Period} steps later; take less");
    }

    /// <summary>One rank's side: at the start y := x is kept and averaged; τ steps later x := mean y + (x − y).</summary>
    private sealed class Lasgd : IStrategy
    {
        private readonly LasgdSpec _spec;
        private readonly StrategyContext _context;
        private readonly NodeGradients? _node;
        private readonly MasterCopy _sent;
        private readonly FlatTensor _mean;
        private readonly RangeReduction _reduction;
        private long _steps;

        internal Lasgd(LasgdSpec spec, StrategyContext context)
        {
            FlatTensor parameters = context.Replica.Parameters;
            _spec = spec;
            _context = context;
            _node = spec.InNode(context);
            _sent = new MasterCopy(parameters, new FlatRange(0, parameters.Length));
            _mean = new FlatTensor(parameters.Length, context.Replica.Device);
            _reduction = new RangeReduction(_mean, context.Ranks.World);
        }

        public IReadOnlyList<(string Name, FlatTensor Values)> State => [("sent", _sent.Values)];

        public void PartReady(int part) => _node?.PartReady(part);

        public void BackwardDone() => _node?.Finish();

        public void OptimizerStepped()
        {
            _steps++;
            if (_spec.Delay > 0)
                MergeIfDue();
            if (_steps % _spec.Period == 0)
            {
                SpanMark start = _context.Timer.Mark();
                _sent.Set();
                using (no_grad())
                    _mean.Tensor.copy_(_sent.Values.Tensor);
                _reduction.Start(ReduceOperation.Mean, _spec.Wire);
                _context.Timer.End(SpanKind.GlobalSend, start, 0, _reduction.LastOperation);
            }

            if (_spec.Delay == 0)
                MergeIfDue();
        }

        public void Save(BinaryWriter writer)
        {
            writer.Write(_steps);
            _sent.Save(writer);
            _reduction.Save(writer);
            _mean.Save(writer);
        }

        public void Load(BinaryReader reader)
        {
            _steps = reader.ReadInt64();
            _sent.Load(reader);
            _reduction.Load(reader);
            _mean.Load(reader);
        }

        public void Dispose()
        {
            _sent.Dispose();
            // What is under way stays with its operation: other ranks still read and write it.
            if (!_reduction.IsUnderWay)
                _mean.Dispose();
        }

        private void MergeIfDue()
        {
            long started = _steps - _spec.Delay;
            if (started < _spec.Period || started % _spec.Period != 0)
                return;
            SpanMark start = _context.Timer.Mark();
            long bytes = _reduction.Finish();
            SpanMark received = _context.Timer.End(SpanKind.GlobalWait, start, bytes, _reduction.LastOperation);
            using (no_grad())
            using (Scalar minus = (-1f).ToScalar())
                _context.Replica.Parameters.Tensor.add_(_mean.Tensor.add_(_sent.Values.Tensor, alpha: minus));
            _context.Timer.End(SpanKind.Merge, received);
        }
    }
}
