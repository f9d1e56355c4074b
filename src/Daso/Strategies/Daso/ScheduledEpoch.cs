namespace Daso.Strategies;

/// <summary>The part of a DASO training that an epoch belongs to.</summary>
internal enum DasoPhase
{
    /// <summary>Blocking synchronisation at the start.</summary>
    WarmUp,

    /// <summary>Skips that follow the loss.</summary>
    Cycling,

    /// <summary>Blocking synchronisation at the end.</summary>
    CoolDown,
}

/// <summary>What the schedule makes of one epoch's loss.</summary>
/// <param name="Epoch">From 0.</param>
/// <param name="Phase">The epoch's own.</param>
/// <param name="Loss">The epoch's, as given.</param>
/// <param name="IsTested">Whether it was tested for a plateau.</param>
/// <param name="HasPlateaued">Whether it had plateaued.</param>
/// <param name="Best">The best tested loss so far; infinity before the first.</param>
/// <param name="BadEpochs">Epochs since then that were no better.</param>
/// <param name="Next">The skips in force in the next epoch.</param>
internal readonly record struct ScheduledEpoch(
    int Epoch, DasoPhase Phase, double Loss, bool IsTested, bool HasPlateaued, double Best, int BadEpochs, DasoSkips Next)
{
    /// <summary>Runs the schedule alone.</summary>
    /// <param name="settings">Checked here.</param>
    /// <param name="losses">One an epoch; those beyond the last epoch are left aside.</param>
    /// <param name="epochs">Of the whole training; where losses are fewer, the later epochs are not shown.</param>
    internal static IReadOnlyList<ScheduledEpoch> Of(DasoSettings settings, IReadOnlyList<double> losses, int epochs)
    {
        // Neither the number of groups nor that of batches has a say in the skips.
        var schedule = new DasoSchedule(settings, groups: 1, epochs, batchesPerEpoch: 1);
        var rows = new ScheduledEpoch[Math.Min(losses.Count, epochs)];
        for (int epoch = 0; epoch < rows.Length; epoch++)
        {
            schedule.EpochEnded(losses[epoch]);
            DasoPhase phase = epoch < settings.WarmupEpochs ? DasoPhase.WarmUp
                : epoch >= epochs - settings.CooldownEpochs ? DasoPhase.CoolDown
                : DasoPhase.Cycling;
            rows[epoch] = new ScheduledEpoch(
                epoch,
                phase,
                losses[epoch],
                schedule.TestedLoss is not null,
                schedule.HasPlateaued,
                schedule.BestLoss,
                schedule.BadEpochs,
                schedule.Skips);
        }

        return rows;
    }
}
