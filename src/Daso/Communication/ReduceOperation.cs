namespace Daso.Communication;

/// <summary>What a reduction makes of the ranks' values. Integers know no means.</summary>
public enum ReduceOperation
{
    /// <summary>The sum in the wire format, added within each node in rank order, then node after node.</summary>
    Sum,

    /// <summary>The sum divided by the group's size, both rounded to the wire format: Horovod's order (a sum, then the post-scale factor).</summary>
    Mean,

    /// <summary>The smallest.</summary>
    Min,

    /// <summary>
    /// The sum of what each rank's value makes when it is rounded, divided by the group's size and rounded again: the order of PyTorch's
    /// fp16 and bf16 compression hooks. It overflows later than <see cref="Mean"/> and loses small values earlier.
    /// </summary>
    PredividedMean,

    /// <summary>The largest.</summary>
    Max,
}
