using Daso.Communication;
using Daso.Recording;
using Daso.Timing;

namespace Daso.Strategies;

/// <summary>
/// One rank's side of <see cref="DasoAuto"/>: ranks on duty measure the steps that an exchange takes, and after every merge all agree on
/// the largest, by 4 bytes that travel beside the next steps and are taken at the next send.
/// </summary>
internal sealed class MeasuredWait
{
    private readonly StepTimer _timer;
    private readonly bool _records;
    private readonly AgreedNumber _agreed;
    private readonly ExchangeSteps _steps = new();
    private readonly WaitDecision _decision = new();
    private int _own;

    /// <exception cref="UserErrorException">The ranks compute on a GPU, where the host does not see when an exchange is done.</exception>
    internal MeasuredWait(StrategyContext context)
    {
        if (context.Replica.Device.type != TorchSharp.DeviceType.CPU)
        {
            throw new UserErrorException(
                $"DASO's {nameof(DasoSettings.Auto)} measures exchanges on the host and needs device cpu; on a GPU set it to {DasoAuto.None}");
        }

        _timer = context.Timer;
        _records = context.Ranks.Rank == 0;
        _agreed = new AgreedNumber(context.Ranks.World, ReduceOperation.Max, context.Timer);
    }

    /// <summary>W as it was last agreed on; null: not yet.</summary>
    internal int? Wait => _decision.Wait;

    /// <summary>A step has ended.</summary>
    /// <param name="areDone">Whether the results of all that this rank has sent are there.</param>
    internal void StepEnded(bool areDone) => _steps.StepEnded(areDone);

    /// <summary>This rank has sent what will be merged.</summary>
    internal void Sent() => _steps.Sent(ProcessClock.NowNs);

    /// <summary>This rank has merged the oldest of what it has sent.</summary>
    /// <param name="waitedNs">How long its result was waited for.</param>
    internal void Merged(long waitedNs)
    {
        long now = ProcessClock.NowNs;
        _own = _steps.Merged(now - waitedNs, now);
    }

    /// <summary>Starts to agree; on all ranks after a step that has merged.</summary>
    internal void Agree()
    {
        _agreed.Start(_own);
        _own = 0;
    }

    /// <summary>Takes what was agreed on; on all ranks in the same steps.</summary>
    internal void Take()
    {
        if (_agreed.Take() is not float steps)
            return;
        _decision.Observe((int)steps);
        if (_records)
            _timer.Metric(MetricNames.ExchangeSteps, steps);
    }

    /// <summary>Writes what was decided; what is being agreed on is taken before, and an exchange that is under way will not be measured.</summary>
    internal void Save(BinaryWriter writer)
    {
        Take();
        _decision.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader) => _decision.Load(reader);
}
