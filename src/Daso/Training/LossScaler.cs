using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using Daso.Strategies;
using TorchSharp;
using static TorchSharp.torch;

namespace Daso.Training;

/// <summary>
/// Keeps gradients above float16's smallest numbers: the loss is multiplied by a scale before backward, the gradients are divided by it
/// before the update. A step in which any rank's gradients are not finite is skipped by all, with a smaller scale from then on.
/// </summary>
/// <remarks>
/// Numbers as torch.amp.GradScaler's defaults. Scales are powers of two, so that scaling changes no bit of a gradient that neither over- nor
/// underflows. The agreement makes every step wait for all ranks, whatever the strategy; with bfloat16 there is none.
/// </remarks>
/// <param name="world">All ranks.</param>
/// <param name="replica">The rank's model.</param>
/// <param name="timer">Measures the wait for the other ranks.</param>
internal sealed class LossScaler(ICommunicator world, Replica replica, StepTimer timer)
{
    private const float Growth = 2;
    private const float Backoff = 0.5f;
    private const int GrowthInterval = 2000;

    private readonly float[] _overflowed = new float[1];
    private float _scale = 65_536;
    private int _goodSteps;

    /// <summary>What the loss of the next step is multiplied by.</summary>
    internal float Scale => _scale;

    /// <summary>Before a step's forward.</summary>
    internal void Arm() => replica.Model.LossScale = _scale;

    /// <summary>Divides the gradients by the scale, or clears them where some rank's are not finite.</summary>
    /// <returns>Whether the step is to be made; the same on all ranks.</returns>
    internal bool Unscale()
    {
        SpanMark start = timer.Mark();
        _overflowed[0] = float.IsFinite(replica.Gradients.MaxMagnitude()) ? 0 : 1;
        PendingOperation agreement = world.StartAllReduce(_overflowed, ReduceOperation.Max);
        timer.End(SpanKind.GlobalWait, start, agreement.Wait(), agreement.Key());
        bool isGood = _overflowed[0] == 0;
        using (no_grad())
        {
            if (isGood)
            {
                using Scalar factor = (1 / _scale).ToScalar();
                replica.Gradients.Tensor.mul_(factor);
            }
            else
            {
                replica.Gradients.Tensor.zero_();
                timer.Metric(MetricNames.SkippedSteps, 1);
            }
        }

        Adapt(isGood);
        return isGood;
    }

    /// <summary>Writes the scale and the steps since it changed.</summary>
    internal void Save(BinaryWriter writer)
    {
        writer.Write(_scale);
        writer.Write(_goodSteps);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        _scale = reader.ReadSingle();
        _goodSteps = reader.ReadInt32();
    }

    private void Adapt(bool isGood)
    {
        _goodSteps = isGood ? _goodSteps + 1 : 0;
        if (!isGood)
            _scale *= Backoff;
        else if (_goodSteps % GrowthInterval == 0)
            _scale *= Growth;
    }
}
