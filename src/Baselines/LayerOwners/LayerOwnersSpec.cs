using Daso.Communication;
using Daso.Models;
using Daso.Objectives;
using Daso.Recording;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// Layers that a rank each trains (Aktemur et al., "Going Forward-Forward in Distributed Deep Learning", arXiv 2404.08573): every few steps
/// all get each layer from its owner. For learners whose layers learn apart: <see cref="ForwardForwardSpec.DistributesLayers"/>.
/// docs/forward-forward.md.
/// </summary>
[Specification("layerOwners")]
public sealed partial record LayerOwnersSpec : StrategySpec
{
    /// <summary>Steps that a rank trains with the same layers before its own; an evaluation has the newest of all.</summary>
    [AtLeast(1)]
    public int Period { get; init; } = 1;

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { Period = Math.Min(Period, 2) };

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("layers, from their owners", StrategyPolicy.Own, StrategyPolicy.Own, StrategyPolicy.None);

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new LayerOwners(Period, context);
    }

    /// <summary>Layers of a rank each, in as many bytes as a gather of them.</summary>
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        var layers = new ProgramExchange(ProgramGroup.World, scope.Elements / scope.Ranks, WireFormat.Float32)
        {
            Collective = ProgramCollective.AllGather,
        };
        return [StepProgram.Periodic(gradients: null, Period, step => step == Period - 1 ? layers : null)];
    }

    private sealed class LayerOwners(int period, StrategyContext context) : IStrategy
    {
        private readonly (int Layer, FlatRange Range)[] _layers =
            [.. context.Replica.PartRanges.Index().Where(one => one.Item.Length > 0)];
        private readonly PendingOperation[] _pending = new PendingOperation[context.Replica.PartRanges.Length];
        private long _steps;
        private bool _isShared = true;

        public void OptimizerStepped()
        {
            _isShared = false;
            if (++_steps % period == 0)
                Share();
        }

        public void EvaluationStarting() => Share();

        public void Save(BinaryWriter writer)
        {
            writer.Write(_steps);
            writer.Write(_isShared);
        }

        public void Load(BinaryReader reader)
        {
            _steps = reader.ReadInt64();
            _isShared = reader.ReadBoolean();
        }

        public void Dispose()
        {
        }

        private void Share()
        {
            if (_isShared)
                return;
            _isShared = true;
            ICommunicator world = context.Ranks.World;
            SpanMark start = context.Timer.Mark();
            for (int i = 0; i < _layers.Length; i++)
            {
                (int layer, FlatRange range) = _layers[i];
                _pending[i] = world.StartBroadcast(
                    context.Replica.Parameters.Range(range.Offset, range.Length), ForwardForwardSpec.OwnerOf(layer, world.Size));
            }

            long bytes = 0;
            for (int i = 0; i < _layers.Length; i++)
                bytes += _pending[i].WaitOnStream();
            context.Timer.End(SpanKind.GlobalWait, start, bytes, _layers.Length == 0 ? null : _pending[_layers.Length - 1].Key());
        }
    }
}
