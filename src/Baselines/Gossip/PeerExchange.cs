using Daso.Communication;
using Daso.Models;

namespace Daso.Baselines;

/// <summary>
/// Values given to one member of a group while as many are taken from one: started, and finished where they are needed. Saved while it is
/// under way, it is waited for; who owns the tensors saves them.
/// </summary>
/// <param name="members">The group.</param>
/// <param name="sent">What is given; not to be touched in between.</param>
/// <param name="received">Where what is taken goes.</param>
/// <param name="tag">Tells it from other exchanges between the same members.</param>
/// <param name="wire">How the values travel.</param>
internal sealed class PeerExchange(ICommunicator members, FlatTensor sent, FlatTensor received, int tag, WireFormat wire)
{
    private PendingOperation _receive;
    private PendingOperation _send;
    private long _bytes;

    /// <summary>What has been taken.</summary>
    internal FlatTensor Received => received;

    /// <summary>Whether it has been started and not been waited for.</summary>
    internal bool IsUnderWay { get; private set; }

    /// <summary>Starts both directions; numbers beyond the group's go round.</summary>
    /// <param name="target">Who is given to.</param>
    /// <param name="source">Who is taken from.</param>
    internal void Start(int target, int source)
    {
        _receive = members.StartReceive(received.All, Round(source), tag, wire);
        _send = members.StartSend(sent.All, Round(target), tag, wire);
        IsUnderWay = true;
    }

    /// <summary>Waits for what was started. Returns the bytes booked on this rank for it, once.</summary>
    internal long Finish()
    {
        Complete();
        long bytes = _bytes;
        _bytes = 0;
        return bytes;
    }

    internal void Save(BinaryWriter writer)
    {
        Complete();
        writer.Write(_bytes);
    }

    internal void Load(BinaryReader reader) => _bytes = reader.ReadInt64();

    private void Complete()
    {
        if (!IsUnderWay)
            return;
        _bytes += _receive.WaitOnStream() + _send.WaitOnStream();
        IsUnderWay = false;
    }

    private int Round(int member) => ((member % members.Size) + members.Size) % members.Size;
}
