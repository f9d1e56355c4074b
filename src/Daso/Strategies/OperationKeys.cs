using Daso.Communication;
using Daso.Recording;

namespace Daso.Strategies;

/// <summary>Names operations in records.</summary>
public static class OperationKeys
{
    /// <summary>What tells an operation from all others on all ranks of its group; null of a message between two ranks.</summary>
    public static OperationKey? Key(this PendingOperation operation) =>
        operation.Sequence < 0 ? null : new OperationKey(operation.Group, operation.Sequence);
}
