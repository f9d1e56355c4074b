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
public sealed record DasoSettings : ISpecification
{
    /// <summary>Which definition.</summary>
    public DasoVariant Variant { get; init; } = DasoVariant.Paper;

    /// <summary>Epochs of blocking synchronisation at the start.</summary>
    public int WarmupEpochs { get; init; } = 4;

    /// <summary>Epochs of blocking synchronisation at the end.</summary>
    public int CooldownEpochs { get; init; } = 4;

    /// <summary>The largest number of batches from one global synchronisation to the next.</summary>
    public int MaxGlobalSkips { get; init; } = 4;

    /// <summary>Relative decrease of the loss below which an epoch counts as no better.</summary>
    public double Stability { get; init; } = 0.05;

    /// <summary>Epochs without a better loss that are borne before the loss counts as plateaued.</summary>
    public int Patience { get; init; } = 2;

    /// <summary>Variant heat: the maximum of global skips divided by this is that of local skips and of batches to wait.</summary>
    public int LocalSkipFactor { get; init; } = 4;

    /// <summary>Variant heat: what global and local skips are divided by on a plateau.</summary>
    public int SkipReductionFactor { get; init; } = 2;

    /// <summary>Checks the ranges.</summary>
    /// <exception cref="UserErrorException">A value is out of its range.</exception>
    public void Validate()
    {
        Require(WarmupEpochs >= 0, nameof(WarmupEpochs), WarmupEpochs, "at least 0");
        Require(CooldownEpochs >= 0, nameof(CooldownEpochs), CooldownEpochs, "at least 0");
        int fewest = Variant == DasoVariant.Paper ? 1 : 0;
        Require(MaxGlobalSkips >= fewest, nameof(MaxGlobalSkips), MaxGlobalSkips, $"at least {fewest}");
        Require(Stability is >= 0 and < 1, nameof(Stability), Stability, "at least 0 and below 1");
        Require(Patience >= 0, nameof(Patience), Patience, "at least 0");
        Require(LocalSkipFactor >= 1, nameof(LocalSkipFactor), LocalSkipFactor, "at least 1");
        Require(SkipReductionFactor >= 1, nameof(SkipReductionFactor), SkipReductionFactor, "at least 1");
    }

    /// <inheritdoc />
    public void Describe(SpecificationWriter writer) => writer
        .Add("variant", Variant.ToString())
        .Add("warmupEpochs", WarmupEpochs)
        .Add("cooldownEpochs", CooldownEpochs)
        .Add("maxGlobalSkips", MaxGlobalSkips)
        .Add("stability", Stability)
        .Add("patience", Patience)
        .Add("localSkipFactor", LocalSkipFactor)
        .Add("skipReductionFactor", SkipReductionFactor);

    private static void Require<T>(bool holds, string name, T value, string range)
    {
        if (!holds)
            throw new UserErrorException(FormattableString.Invariant($"DASO's {name} is {value}; it must be {range}"));
    }
}
