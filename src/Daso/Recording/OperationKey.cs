namespace Daso.Recording;

/// <summary>Which collective operation of a job a span was about; the same on all ranks that took part in it.</summary>
/// <param name="Group">The group's number, the same on all its ranks and of no other group.</param>
/// <param name="Sequence">The operation's number among the group's, from 0; of several that were waited for at once, the last one's.</param>
public readonly record struct OperationKey(long Group, long Sequence) : IComparable<OperationKey>
{
    /// <inheritdoc />
    public int CompareTo(OperationKey other) =>
        Group != other.Group ? Group.CompareTo(other.Group) : Sequence.CompareTo(other.Sequence);
}
