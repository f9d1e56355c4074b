using Daso.Recording;

namespace Daso.Analysis;

/// <summary>What a rank spent on an exchange with other nodes, nanoseconds.</summary>
/// <param name="Ns">All of it.</param>
/// <param name="ImbalanceNs">Of it, waiting for ranks that came later.</param>
internal readonly record struct Exchange(long Ns, long ImbalanceNs);

/// <summary>A wait for other nodes.</summary>
/// <param name="Key">The operation; null: none in particular.</param>
/// <param name="WaitNs">Its time.</param>
/// <param name="ImbalanceNs">Of it, waiting for ranks that came later; known once all ranks are read.</param>
internal readonly record struct GlobalOperation(OperationKey? Key, long WaitNs, long ImbalanceNs);

/// <summary>A wait inside the node, with what came before it in its step.</summary>
/// <param name="Key">The operation; null: none in particular.</param>
/// <param name="WaitNs">Its time.</param>
/// <param name="ExchangeNs">Time of exchanges with other nodes before it.</param>
/// <param name="GlobalBefore">Waits for other nodes before it.</param>
internal readonly record struct LocalOperation(OperationKey? Key, long WaitNs, long ExchangeNs, int GlobalBefore);

/// <summary>One rank's operations of the present step.</summary>
/// <param name="rank">Its number.</param>
/// <param name="waits">Those of all its steps.</param>
internal sealed class StepOperations(int rank, StepWaits waits)
{
    private long _exchangeNs;
    private Exchange _carried;

    /// <summary>Its number.</summary>
    public int Rank => rank;

    /// <summary>The step's waits for other nodes, in order.</summary>
    public List<GlobalOperation> Global { get; } = [];

    /// <summary>The step's waits inside the node, in order.</summary>
    public List<LocalOperation> Local { get; } = [];

    /// <summary>Whether the records say of any of the step's waits which operation it was for.</summary>
    public bool HasKeys => Global.Exists(static wait => wait.Key is not null) || Local.Exists(static wait => wait.Key is not null);

    /// <summary>Makes a step the present one.</summary>
    public void MoveTo(int step)
    {
        Global.Clear();
        Local.Clear();
        foreach (Wait wait in waits.Global(step))
            Global.Add(new GlobalOperation(wait.Key, wait.Ns, 0));
        foreach (LocalWait wait in waits.Local(step))
            Local.Add(new LocalOperation(wait.Wait.Key, wait.Wait.Ns, wait.ExchangeNs, wait.GlobalBefore));
        _exchangeNs = waits.ExchangeNs(step);
    }

    /// <summary>What the rank spent on exchanges since the node's operation before this one, in this step or earlier ones.</summary>
    public Exchange ExchangeBefore(int operation)
    {
        int first = operation == 0 ? 0 : Local[operation - 1].GlobalBefore;
        long beforeNs = operation == 0 ? -_carried.Ns : Local[operation - 1].ExchangeNs;
        long imbalanceNs = (operation == 0 ? _carried.ImbalanceNs : 0) + Imbalance(first, Local[operation].GlobalBefore);
        return new Exchange(Local[operation].ExchangeNs - beforeNs, imbalanceNs);
    }

    /// <summary>Keeps what came after the last local operation for the first of a later step.</summary>
    public void Carry() => _carried = Local.Count == 0
        ? new Exchange(_carried.Ns + _exchangeNs, _carried.ImbalanceNs + Imbalance(0, Global.Count))
        : new Exchange(_exchangeNs - Local[^1].ExchangeNs, Imbalance(Local[^1].GlobalBefore, Global.Count));

    private long Imbalance(int first, int end)
    {
        long sum = 0;
        for (int i = first; i < end; i++)
            sum += Global[i].ImbalanceNs;
        return sum;
    }
}
