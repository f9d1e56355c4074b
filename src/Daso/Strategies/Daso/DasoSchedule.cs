using Daso.Optimization;

namespace Daso.Strategies;

/// <summary>
/// DASO's schedule as a state machine without tensors or communication: batch → what to do now, epoch's loss → the next epoch's skips.
/// All ranks run it and stay in agreement because they see the same losses. The rules of a step are those of the reference
/// implementation in variant heat. Variant paper merges exactly the batches later that equation 1 counts, where the reference leaves a sum
/// to the next send if one follows (B = 2, W = 1), and leaves out its broadcasts of parameters that nothing has changed.
/// </summary>
internal sealed class DasoSchedule
{
    private const int None = -1;

    private readonly DasoSettings _settings;
    private readonly int _groups;
    private readonly int _epochs;
    private readonly int _lastBatch;
    private readonly PlateauDetector _plateau;
    private readonly List<DasoAction> _actions = new(8);
    private readonly List<bool> _switches = new(2);
    private int _epochsEnded;
    private int _inFlight = None;
    private int _sentWait;

    /// <summary>Starts before the first step.</summary>
    /// <param name="settings">Checked here.</param>
    /// <param name="groups">G: the number of global groups, that is of ranks a node.</param>
    /// <param name="epochs">Epochs of the whole training.</param>
    /// <param name="batchesPerEpoch">Batches in each.</param>
    public DasoSchedule(DasoSettings settings, int groups, int epochs, int batchesPerEpoch)
    {
        settings.Validate();
        _settings = settings;
        _groups = groups;
        _epochs = epochs;
        _lastBatch = batchesPerEpoch - 1;
        _plateau = new PlateauDetector(settings.Stability, settings.Patience);
        // The reference enters its cycling phase at the end of the last warm-up epoch only, and so never without one.
        if (settings.Variant == DasoVariant.Paper && settings.WarmupEpochs == 0 && settings.CooldownEpochs < epochs)
            Skips = DasoSkips.Start(settings);
    }

    /// <summary>A schedule amid a phase that goes on: one epoch without an end in sight, with these skips.</summary>
    internal static DasoSchedule InPhase(DasoSettings settings, int groups, DasoSkips skips) =>
        new(settings, groups, epochs: 1, batchesPerEpoch: int.MaxValue) { Skips = skips };

    /// <summary>The current epoch's skips.</summary>
    public DasoSkips Skips { get; private set; }

    /// <summary>Whether the next backward averages gradients inside the node.</summary>
    public bool AveragesLocally { get; private set; } = true;

    /// <summary>What the last step has turned <see cref="AveragesLocally"/> to after its actions, in this order; most steps leave it.</summary>
    public IReadOnlyList<bool> AveragingSwitches => _switches;

    /// <summary>The group that sends next.</summary>
    public int Duty { get; private set; }

    /// <summary>The group that sent last and was not yet followed by a blocking synchronisation; null: none.</summary>
    public int? InFlight => _inFlight == None ? null : _inFlight;

    /// <summary>Whether a sum is in flight.</summary>
    public bool HasPending { get; private set; }

    /// <summary>The loss that was tested when the last epoch ended, in float32; null: none was, in the blocking phases.</summary>
    public float? TestedLoss { get; private set; }

    /// <summary>Whether that loss had plateaued.</summary>
    public bool HasPlateaued { get; private set; }

    /// <summary>The best loss tested so far.</summary>
    public double BestLoss => _plateau.Best;

    /// <summary>Epochs since then that were no better.</summary>
    public int BadEpochs => _plateau.BadEpochs;

    /// <summary>Whether something is sent after the optimizer's step of a batch.</summary>
    /// <param name="batch">From 0, within the epoch.</param>
    internal bool SendsAfter(int batch) => batch == _lastBatch || SinceSend(batch) == 0;

    /// <summary>Takes W as measured for what is sent from now on, at most B; before <see cref="AfterStep"/> of a batch that sends.</summary>
    internal void SetWait(int wait)
    {
        if (Skips.Global != 0)
            Skips = Skips with { Wait = Math.Clamp(wait, 1, Skips.Global) };
    }

    /// <summary>What to do after the optimizer's step of a batch, in this order; valid until the next call.</summary>
    /// <param name="batch">From 0, within the epoch.</param>
    public IReadOnlyList<DasoAction> AfterStep(int batch)
    {
        _actions.Clear();
        _switches.Clear();
        int sinceSend = SinceSend(batch);
        if (SendsAfter(batch))
            Synchronise(batch);
        else if (_settings.Variant == DasoVariant.Heat)
            BetweenSynchronisations(batch, sinceSend);
        else if (sinceSend == WaitFrom(batch - sinceSend))
            MergePending();
        return _actions;
    }

    /// <summary>Sets the next epoch's skips.</summary>
    /// <param name="loss">The epoch's training loss, averaged over all ranks; compared in float32 as the reference does.</param>
    public void EpochEnded(double loss) => EpochEnded(loss, measuredWait: null);

    /// <summary>Sets the next epoch's skips where W is measured.</summary>
    /// <param name="loss">The epoch's training loss.</param>
    /// <param name="measuredWait">W; null: not measured.</param>
    internal void EpochEnded(double loss, int? measuredWait)
    {
        _epochsEnded++;
        HasPlateaued = false;
        TestedLoss = null;
        if (_epochsEnded < _settings.WarmupEpochs || _epochsEnded >= _epochs - _settings.CooldownEpochs)
        {
            Skips = default;
            return;
        }

        if (_epochsEnded == _settings.WarmupEpochs)
            Skips = DasoSkips.Start(_settings);
        TestedLoss = (float)loss;
        HasPlateaued = _plateau.Observe(loss);
        if (HasPlateaued && _settings.Auto != DasoAuto.WaitAndSkips)
            Skips = Skips.AfterPlateau(_settings);
        if (measuredWait is int wait)
            Skips = Skips.Measured(_settings, wait);
    }

    /// <summary>Writes the whole state.</summary>
    public void Save(BinaryWriter writer)
    {
        writer.Write(_epochsEnded);
        writer.Write(Skips.Global);
        writer.Write(Skips.Local);
        writer.Write(Skips.Wait);
        writer.Write(Duty);
        writer.Write(_inFlight);
        writer.Write(HasPending);
        writer.Write(_sentWait);
        writer.Write(AveragesLocally);
        _plateau.Save(writer);
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    public void Load(BinaryReader reader)
    {
        _epochsEnded = reader.ReadInt32();
        Skips = new DasoSkips(reader.ReadInt32(), reader.ReadInt32(), reader.ReadInt32());
        Duty = reader.ReadInt32();
        _inFlight = reader.ReadInt32();
        HasPending = reader.ReadBoolean();
        _sentWait = reader.ReadInt32();
        AveragesLocally = reader.ReadBoolean();
        _plateau.Load(reader);
    }

    /// <summary>
    /// The batches that a sum sent now is waited for: W, clipped to the epoch's end; in variant paper so that the merge comes before the
    /// last batch, whose mean would replace it.
    /// </summary>
    private int WaitFrom(int batch) => _settings.Variant == DasoVariant.Heat || Skips.Wait == 0
        ? Math.Min(Skips.Wait, _lastBatch - batch)
        : Math.Clamp(_lastBatch - 1 - batch, 1, Skips.Wait);

    private int SinceSend(int batch) => Skips.Global == 0 ? 0 : batch % Skips.Global;

    private void Synchronise(int batch)
    {
        bool isLast = batch == _lastBatch;
        bool isBlocking = isLast || Skips.Wait == 0;
        int wait = isBlocking ? 0 : WaitFrom(batch);
        _actions.Add(new DasoAction(isBlocking ? DasoActionKind.SendForMean : DasoActionKind.SendForMerge, Duty, wait));
        // The parameters just sent are those from before this merge.
        if (Skips.Wait != 0)
            MergePending();

        if (isBlocking)
        {
            _actions.Add(new DasoAction(DasoActionKind.Mean, Duty));
            _actions.Add(new DasoAction(DasoActionKind.Broadcast, Duty));
            _actions.Add(new DasoAction(DasoActionKind.Agree));
            _inFlight = None;
            Duty = isLast ? 0 : (Duty + 1) % _groups;
        }
        else
        {
            _inFlight = Duty;
            HasPending = true;
            _sentWait = wait;
            Duty = (Duty + 1) % _groups;
        }
    }

    /// <summary>The reference's rules, which also skip averaging inside the node.</summary>
    private void BetweenSynchronisations(int batch, int sinceSend)
    {
        bool isNextLast = batch + 1 == _lastBatch;
        int wait = WaitFrom(batch);
        if ((batch + 1) % Skips.Global == 0)
        {
            SetLocalAveraging(true);
            return;
        }

        if (sinceSend < wait)
        {
            if (isNextLast)
                SetLocalAveraging(true);
            return;
        }

        if (sinceSend == wait)
        {
            MergePending();
            if (Skips.Local > 1)
                SetLocalAveraging(false);
        }

        if (Skips.Local == 1 && !isNextLast)
        {
            SetLocalAveraging(true);
            return;
        }

        if (Skips.Local == 0 || batch % Skips.Local == 0)
            SetLocalAveraging(false);
        else if ((batch + 1) % Skips.Local == 0)
            SetLocalAveraging(true);
        if (isNextLast)
            SetLocalAveraging(true);
    }

    private void MergePending()
    {
        if (_inFlight == None)
            return;
        if (HasPending)
            _actions.Add(new DasoAction(DasoActionKind.Merge, _inFlight, _sentWait));
        if (HasPending || _settings.Variant == DasoVariant.Heat)
            _actions.Add(new DasoAction(DasoActionKind.Broadcast, _inFlight));
        HasPending = false;
    }

    private void SetLocalAveraging(bool value)
    {
        if (AveragesLocally == value)
            return;
        AveragesLocally = value;
        _switches.Add(value);
    }
}
