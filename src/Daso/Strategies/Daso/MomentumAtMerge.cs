namespace Daso.Strategies;

/// <summary>What becomes of the optimizer's state (momentum, Adam's means) where DASO changes the parameters.</summary>
public enum MomentumAtMerge
{
    /// <summary>Every rank keeps its own, as the paper and the reference implementation do.</summary>
    Keep,

    /// <summary>It takes the parameters' way: averaged, merged by equation 1 and broadcast with them, always as float32.</summary>
    Average,

    /// <summary>A merge of the cycling phase starts the optimizer anew: its state and its count of steps become 0.</summary>
    Reset,
}
