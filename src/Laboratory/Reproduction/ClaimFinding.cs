namespace Daso.Reproduction;

/// <summary>What is known of a claim here.</summary>
internal enum ClaimStatus
{
    /// <summary>A run in the claim's setting shows it.</summary>
    Reproduced,

    /// <summary>A run in the claim's setting does not show it.</summary>
    NotReproduced,

    /// <summary>No run in its setting, but the step-time model says something.</summary>
    PredictedOnly,

    /// <summary>Any machine can run it; no run was shown.</summary>
    NotTried,

    /// <summary>Neither a run nor a prediction, nor what a run needs.</summary>
    CannotBeTried,
}

/// <summary>A figure measured on one number of nodes in a claim's setting.</summary>
/// <param name="Nodes">Of the run.</param>
/// <param name="Values">One a seed.</param>
/// <param name="Run">The run's id.</param>
/// <param name="DisturbedSeeds">Seeds whose times say nothing, because training without communication took longer.</param>
internal sealed record Measured(int Nodes, IReadOnlyList<double> Values, string Run, IReadOnlyList<int> DisturbedSeeds);

/// <summary>What is known of a claim and why.</summary>
/// <param name="Status">What is known.</param>
/// <param name="Reason">In one sentence.</param>
internal sealed record ClaimFinding(ClaimStatus Status, string Reason);
