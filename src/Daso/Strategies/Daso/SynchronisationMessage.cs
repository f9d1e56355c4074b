using Daso.Communication;
using Daso.Models;
using Daso.Recording;
using static TorchSharp.torch;

namespace Daso.Strategies;

/// <summary>A contribution on its way and then the sum or mean that came of it. Reused.</summary>
internal sealed class SynchronisationMessage : IDisposable
{
    private readonly RangeReduction _reduction;

    /// <param name="length">Elements.</param>
    /// <param name="device">Where they are.</param>
    /// <param name="group">Over whom.</param>
    /// <param name="chunkElements">The largest message.</param>
    /// <param name="keepsOwn">Whether <see cref="Own"/> is kept.</param>
    internal SynchronisationMessage(int length, Device device, ICommunicator group, int chunkElements, bool keepsOwn)
    {
        Values = new FlatTensor(length, device);
        Own = keepsOwn ? new FlatTensor(length, device) : null;
        _reduction = new RangeReduction(Values, new FlatRange(0, Values.Length), group, chunkElements);
    }

    internal FlatTensor Values { get; }

    /// <summary>What this rank has given to the sum, for a merge by differences; else null.</summary>
    internal FlatTensor? Own { get; }

    /// <summary>Whether the values are changes since the master copy.</summary>
    internal bool IsChange { get; set; }

    /// <summary>Whether a wait for the result would return at once.</summary>
    internal bool IsDone => _reduction.IsDone;

    /// <summary>The operation of the last chunk; null of a message that a checkpoint held.</summary>
    internal OperationKey? Operation => _reduction.LastOperation;

    internal void Start(ReduceOperation operation, WireFormat wire)
    {
        if (Own is not null)
        {
            using var _ = no_grad();
            Own.Tensor.copy_(Values.Tensor);
        }

        _reduction.Start(operation, wire);
    }

    /// <summary>Waits for the result. Returns the bytes booked on this rank.</summary>
    internal long Finish() => _reduction.Finish();

    /// <summary>Waits and writes the result.</summary>
    internal void Save(BinaryWriter writer)
    {
        _reduction.Save(writer);
        writer.Write(IsChange);
        Values.Save(writer, "message");
        Own?.Save(writer, "own");
    }

    /// <summary>Restores what <see cref="Save"/> wrote.</summary>
    internal void Load(BinaryReader reader)
    {
        _reduction.Load(reader);
        IsChange = reader.ReadBoolean();
        Values.Load(reader);
        Own?.Load(reader);
    }

    public void Dispose()
    {
        Values.Dispose();
        Own?.Dispose();
    }
}
