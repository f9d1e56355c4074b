namespace Daso.Communication.Mpi;

/// <summary>One way of carrying out a group's operations, one at a time, on the communication thread.</summary>
internal interface ICollective : IDisposable
{
    /// <summary>Bytes of the operation that this rank has sent to other nodes; complete when it is done.</summary>
    long BytesToOtherNodes { get; }

    /// <summary>Begins an operation.</summary>
    /// <param name="call">What.</param>
    /// <param name="values">This rank's range.</param>
    void Begin(CollectiveCall call, TensorRange values);

    /// <summary>Does what can be done without waiting. Returns whether anything was.</summary>
    bool Advance();

    /// <summary>Whether the operation is done; asked once more after that, it is undefined.</summary>
    bool Finish();
}
