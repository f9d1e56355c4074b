using Daso.Communication;

namespace Daso.Strategies;

/// <summary>How a rank's contribution to a synchronisation between nodes is made.</summary>
/// <param name="Wire">How it travels.</param>
/// <param name="IsChange">Whether it is the change since all ranks last agreed, not the values themselves.</param>
/// <param name="HasFeedback">Whether what rounding dropped is added to this rank's next contribution.</param>
internal readonly record struct PayloadFormat(WireFormat Wire, bool IsChange, bool HasFeedback)
{
    /// <summary>How a sum is merged.</summary>
    internal DasoMerge Merge { get; init; }

    /// <summary>The values as they are.</summary>
    internal static PayloadFormat Exact => new(WireFormat.Float32, IsChange: false, HasFeedback: false);

    /// <summary>In the blocking phases.</summary>
    internal static PayloadFormat Blocking(DasoSpec spec) =>
        new(spec.BlockingWire, spec.BlockingWire != WireFormat.Float32 && spec.KeepsMasterCopy, HasFeedback: false);

    /// <summary>In the cycling phase.</summary>
    internal static PayloadFormat Cycling(DasoSpec spec)
    {
        bool isRounded = spec.CyclingWire != WireFormat.Float32;
        return new PayloadFormat(spec.CyclingWire, isRounded, isRounded) { Merge = spec.Merge };
    }
}
