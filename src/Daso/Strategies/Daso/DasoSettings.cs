using Daso.Specification;

namespace Daso.Strategies;

/// <summary>The two definitions of DASO.</summary>
public enum DasoVariant
{
    /// <summary>The method as the paper's text defines it (Coquelin et al. 2022, Journal of Big Data 9:14).</summary>
    Paper,

    /// <summary>What the reference implementation does, step by step (class DASO of heat/optim/dp_optimizer.py).</summary>
    Heat,
}

/// <summary>What DASO's schedule depends on.</summary>
[Specification]
public sealed partial record DasoSettings
{
    /// <summary>Which definition.</summary>
    public DasoVariant Variant { get; init; } = DasoVariant.Paper;

    /// <summary>Epochs of blocking synchronisation at the start.</summary>
    [AtLeast(0)]
    public int WarmupEpochs { get; init; } = 4;

    /// <summary>Epochs of blocking synchronisation at the end.</summary>
    [AtLeast(0)]
    public int CooldownEpochs { get; init; } = 4;

    /// <summary>The largest number of batches from one global synchronisation to the next.</summary>
    [AtLeast(0)]
    public int MaxGlobalSkips { get; init; } = 4;

    /// <summary>Relative decrease of the loss below which an epoch counts as no better.</summary>
    [AtLeast(0), Below(1)]
    public double Stability { get; init; } = 0.05;

    /// <summary>Epochs without a better loss that are borne before the loss counts as plateaued.</summary>
    [AtLeast(0)]
    public int Patience { get; init; } = 2;

    /// <summary>Variant heat: the maximum of global skips divided by this is that of local skips and of batches to wait.</summary>
    [AtLeast(1)]
    public int LocalSkipFactor { get; init; } = 4;

    /// <summary>Variant heat: what global and local skips are divided by on a plateau.</summary>
    [AtLeast(1)]
    public int SkipReductionFactor { get; init; } = 2;

    /// <summary>Variant paper: what is taken from the measured time of exchanges. Results then depend on timings.</summary>
    [OmittedWhen(DasoAuto.None)]
    public DasoAuto Auto { get; init; } = DasoAuto.None;

    partial void ValidateTogether()
    {
        if (Auto != DasoAuto.None && Variant != DasoVariant.Paper)
            throw new UserErrorException($"{nameof(DasoSettings)}: {nameof(Auto)} {Auto} needs variant {DasoVariant.Paper}; variant {Variant} has its own W");
        if (Variant == DasoVariant.Paper && MaxGlobalSkips < 1)
            throw new UserErrorException($"{nameof(DasoSettings)}: {nameof(MaxGlobalSkips)} is 0; it must be at least 1 in variant {Variant}");
    }
}
