using Daso.Communication;
using Daso.Specification;
using Daso.Strategies;

namespace Daso.Baselines;

/// <summary>
/// PowerSGD (Vogels et al., NeurIPS 2019, arXiv 1905.13727) by the rules of PyTorch's powerSGD_hook: the gradient of a weight matrix is
/// exchanged as the two factors of a low-rank approximation, and what that drops is added to the next. docs/strategies/power-sgd.md.
/// </summary>
[Specification("powerSgd")]
public sealed partial record PowerSgdSpec : StrategySpec
{
    /// <summary>r: the rank of the approximation (matrix_approximation_rank).</summary>
    [AtLeast(1)]
    public int Rank { get; init; } = 1;

    /// <summary>Steps at the start in which whole gradients are averaged (start_powerSGD_iter).</summary>
    [AtLeast(0)]
    public int StartSteps { get; init; } = 1000;

    /// <summary>A matrix n × m is compressed only if (n + m)·r times this is below n·m (min_compression_rate).</summary>
    [Above(0)]
    public double MinimumRate { get; init; } = 2;

    /// <summary>Whether Q starts from the last step's (warm_start), else at random.</summary>
    public bool WarmStart { get; init; } = true;

    /// <summary>Whether what the approximation drops is added to the next gradient (use_error_feedback).</summary>
    public bool KeepsRest { get; init; } = true;

    /// <summary>Of the random Q.</summary>
    public int Seed { get; init; }

    /// <summary>Cap in bytes of the buckets in which whole gradients are averaged.</summary>
    [AtLeast(1)]
    public long BucketBytes { get; init; } = 25 << 20;

    /// <inheritdoc />
    public override bool KeepsGradients => true;

    /// <inheritdoc />
    public override StrategyPolicy Policy => new("gradients of low rank", StrategyPolicy.Same, StrategyPolicy.Own, "4·n and the factors");

    /// <inheritdoc />
    public override StrategySpec ForWarmup() => this with { StartSteps = Math.Min(StartSteps, 1) };

    /// <inheritdoc />
    public override IStrategy Create(StrategyContext context)
    {
        Validate();
        return new PowerSgd(this, context);
    }

    /// <inheritdoc />
    public override IReadOnlyList<StepProgram> Programs(ProgramScope scope)
    {
        if (scope.Parameters is not { } parameters)
            return [];
        (long p, long q) = (0, 0);
        // Parameters that are not compressed travel with their neighbours.
        List<long> others = [];
        bool isNeighbour = false;
        foreach (ProgramParameter parameter in parameters)
        {
            if (parameter.Rows is long n && parameter.Elements / n is long m && Compresses(n, m))
            {
                (p, q, isNeighbour) = (p + (n * RankOf(n, m)), q + (m * RankOf(n, m)), false);
                continue;
            }

            if (isNeighbour)
                others[^1] += parameter.Elements;
            else
                others.Add(parameter.Elements);
            isNeighbour = true;
        }

        var factors = new StepProgram
        {
            Phase = "factors",
            Steps =
            [
                ProgramStep.Exchanging(
                    sendsGradients: false,
                    others.Prepend(q).Prepend(p).Where(length => length > 0)
                        .Select(length => new ProgramExchange(ProgramGroup.World, length, WireFormat.Float32))),
            ],
        };
        return StartSteps == 0 ? [factors with { Phase = "" }] : [factors, PostLocalSgdSpec.Start(BucketBytes)];
    }

    /// <inheritdoc />
    public override StepProgram? TrainingProgram(ProgramScope scope, IReadOnlyList<double> losses, int stepsPerEpoch) => Programs(scope) switch
    {
        [StepProgram factors, StepProgram start] => StepProgram.InTurn(start, StartSteps, factors, losses.Count * stepsPerEpoch),
        [StepProgram factors] => factors,
        _ => null,
    };

    /// <summary>Whether a matrix n × m is exchanged as its factors.</summary>
    internal bool Compresses(double n, double m) => (n + m) * Rank * MinimumRate < n * m;

    /// <summary>r for a matrix n × m: at most what it can have.</summary>
    internal long RankOf(long n, long m) => Math.Min(Rank, Math.Min(n, m));
}
